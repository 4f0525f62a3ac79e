/**
 * Everything arrives even when the fast paths do nothing at all: these origins neither publish
 * what they commit nor make push jobs for it.
 */
import assert from "node:assert/strict";
import { assertNoCursorSkips } from "testing/cursors.ts";
import { name, systemOfThisFile, TestSystem } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import { waitUntil } from "../services/wait_until.ts";

const running = systemOfThisFile({ origins: 2, originEnv: { FAST_PATHS: "none" } });
const DIGEST_MS = 5_000;
const LATE_CHECK_MS = 25_000;

Deno.test("messages that nobody published reach all devices by the digest, once", async () => {
  const test = await running();
  const [a, b] = [name("ana"), name("bob")];
  await using ana = await test.device(a, { edge: 0 });
  await using laptop = await test.device(a, { edge: 1, device: "laptop" });
  await using bob = await test.device(b, { edge: 1 });
  const gsids: number[] = [];
  for (let i = 0; i < 3; i++) {
    gsids.push((await ana.send(b, `m${i}`)).gsid);
    await Promise.all([laptop, bob].map((device) => device.waitForGsid(gsids.at(-1)!, DIGEST_MS)));
  }
  for (const device of [laptop, bob]) {
    const heard = device.received.flatMap(({ event }) => event.gsid ?? []);
    assert.deepEqual(heard, gsids);
    assertNoCursorSkips(device, gsids);
  }
});

Deno.test("a group that nobody published to is heard by those who joined meanwhile", async () => {
  const test = await running();
  const group = name("team");
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using bob = await test.device(name("bob"), { edge: 1 });
  const { gsid: created } = await ana.rpc("group.create", { group, members: [bob.user] });
  const { gsid: first } = await ana.send({ group }, "first");
  await bob.waitForGsid(created, DIGEST_MS);
  await bob.waitForGsid(first, DIGEST_MS);
  const { gsid: second } = await ana.send({ group }, "second");
  await bob.waitForGsid(second, DIGEST_MS);
  assert.deepEqual(bob.events.map(({ gsid }) => gsid), [created, first, second]);
  assertNoCursorSkips(bob, [created, first, second]);
});

Deno.test("an alert that nobody published is heard by everybody", async () => {
  const test = await running();
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using bob = await test.device(name("bob"), { edge: 1 });
  const { gsid } = await test.api("alert", { id: name("alert"), body: { text: "hear" } });
  await Promise.all([ana, bob].map((device) => device.waitForGsid(gsid, DIGEST_MS)));
});

Deno.test("a message without a push job is pushed by the late check, once", async () => {
  const test = await running();
  const b = name("bob");
  await using sql = test.sql();
  // Somebody who has never been connected: the end of a connection would bring the push sooner.
  await sql`
    insert into push_targets (platform, token, user_id, device)
    values ('fcm', ${`fcm-${b}`}, ${b}, 'phone')
  `;
  await using ana = await test.device(name("ana"));
  const { gsid } = await ana.send(b, "m1");
  const pushes = await waitUntil(async () => {
    const all = await test.pushesOf(b);
    return all.length > 0 ? all : undefined;
  }, { what: "the push", withinMs: LATE_CHECK_MS, everyMs: 100 });
  assert.deepEqual(pushes.map((push) => Number(push.gsid)), [gsid]);
});

Deno.test("no cursor skips what one of two origins did not publish", async () => {
  await using system = await startSystem({
    origins: 2,
    programEnv: { "origin-1": { FAST_PATHS: "none" } },
  });
  const test = new TestSystem(system);
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using bob = await test.device(name("bob"), { edge: 1 });
  const gsids: number[] = [];
  for (let i = 0; i < 60; i++) {
    gsids.push((await ana.send(bob.user, `m${i}`)).gsid);
    // Some before, some after each digest.
    if (i % 20 === 0) await bob.waitForGsid(gsids.at(-1)!, DIGEST_MS);
  }
  await Promise.all(gsids.map((gsid) => bob.waitForGsid(gsid, DIGEST_MS)));
  const order = bob.received.flatMap(({ event }) => event.gsid ?? []);
  assert.notDeepEqual(order, gsids, "either both origins published, or one did everything");
  assert.deepEqual(order.toSorted((a, b) => a - b), gsids);
  assertNoCursorSkips(bob, gsids);
});
