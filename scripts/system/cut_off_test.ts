/** A program that NATS cannot hear any more, though its connection looks open, is soon done without. */
import assert from "node:assert/strict";
import { name, TestSystem } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import { Links } from "../faults/links.ts";
import { waitUntil } from "../services/wait_until.ts";

/** If every second one went to an origin that cannot answer, so many would hardly all succeed. */
const IN_A_ROW = 20;

Deno.test("an origin whose answers are lost gets no more requests, and the other does all the work", async () => {
  await using links = new Links(({ to }) => to === "nats");
  await using system = await startSystem({ origins: 2, through: links.through });
  const test = new TestSystem(system);
  await using ana = await test.device(name("ana"), { edge: 0 });
  const b = name("bob");
  links.of("origin-0", "nats").hold("toServer");
  let sends = 0, inARow = 0;
  await waitUntil(async () => {
    const answered = await ana.send(b, `m${sends++}`).then(() => true, () => false);
    inARow = answered ? inARow + 1 : 0;
    return inARow === IN_A_ROW || undefined;
  }, { what: `${IN_A_ROW} sends in a row to succeed`, withinMs: 30_000 });
  links.of("origin-0", "nats").resume();
  await using sql = test.sql();
  const stored = (await sql`select id from sent where sender = ${ana.user}`).map(({ id }) => id);
  assert.equal(new Set(stored).size, stored.length);
});
