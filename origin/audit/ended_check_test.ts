import assert from "node:assert/strict";
import { encodeMessage, type Ended } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { EndedCheck, MAX_WAITING } from "./ended_check.ts";
import { ReceivedPositions } from "./received.ts";
import { onlyLooking } from "./testing/presence.ts";
import {
  ago,
  direct,
  jobsOf,
  markOf,
  seedConversation,
  type SeedEvent,
  seedEvents,
  seedTargets,
  team,
  user,
} from "./testing/seed.ts";

const stores = storesOfThisFile();

function endedCheck({ sql }: TestStore, { largeGroup = 1_000, presence = onlyLooking() } = {}) {
  const positions = new ReceivedPositions();
  const check = new EndedCheck({ sql, presence, positions, largeGroup });
  const hear = (...users: string[]) =>
    check.hear(encodeMessage<Ended>({ replica: "r1", users: users.map(user) }));
  return { positions, hear, check: () => check.check(), waiting: () => check.waiting };
}

function message(gsid: Gsid): SeedEvent {
  return { gsid, conversation: team, sender: "ana" };
}

/** Three gsids, the newest two seconds old. */
function youngGsids(): [Gsid, Gsid, Gsid] {
  const first = ago(2_000);
  return [first, first + 16, first + 32];
}

Deno.test("EndedCheck makes the jobs of those whose connection ended, and leaves the mark alone", async () => {
  await using db = await stores.store();
  const { check, hear, positions } = endedCheck(db, { largeGroup: 3 });
  const crowd = direct("crowd", "crowd");
  const old = ago(30_000), [young, younger, youngest] = youngGsids();
  await seedConversation(db.sql, team, ["ana", "bo", "cy"]);
  await seedConversation(db.sql, crowd, ["ana", "bo", "cy", "di"]);
  await seedTargets(db.sql, ["ana", "bo", "cy", "di"]);
  await seedEvents(db.sql, [message(old)]);
  await db.sql`update audit set checked = ${old}`;
  await seedEvents(db.sql, [
    message(young),
    { gsid: younger, conversation: crowd, sender: "ana" },
    message(youngest),
  ]);
  hear("bo", "di", "stranger");
  assert.equal(await check(), undefined, "the edge's last word of what was received may come");
  positions.note(user("bo"), young);
  assert.deepEqual(await check(), { users: 3, jobs: 1 });
  assert.deepEqual([await jobsOf(db.sql), await markOf(db.sql)], [[`bo ${youngest}`], old]);
  assert.equal(await check(), undefined);
});

Deno.test("EndedCheck leaves out who looks at another device: that one may have it already", async () => {
  await using db = await stores.store();
  const presence = onlyLooking("bo");
  const { check, hear } = endedCheck(db, { presence });
  await seedConversation(db.sql, team, ["ana", "bo", "cy", "di"]);
  await seedTargets(db.sql, ["bo", "cy"]);
  const [gsid] = youngGsids();
  await seedEvents(db.sql, [message(gsid)]);
  hear("bo", "cy", "di");
  await check();
  await check();
  assert.deepEqual(await jobsOf(db.sql), [`cy ${gsid}`]);
  assert.deepEqual(presence.asked, [[user("bo"), user("cy")]]);
});

Deno.test("EndedCheck asks for nobody's presence while nothing was sent", async () => {
  await using db = await stores.store();
  const presence = onlyLooking();
  const { check, hear } = endedCheck(db, { presence });
  await seedConversation(db.sql, team, ["ana", "bo"]);
  await seedTargets(db.sql, ["bo"]);
  hear("bo");
  await check();
  assert.deepEqual([await check(), presence.asked], [{ users: 1, jobs: 0 }, []]);
});

Deno.test("EndedCheck takes a crowd in portions, and forgets what is beyond its bound", async () => {
  await using db = await stores.store();
  const { check, hear } = endedCheck(db);
  hear(...Array.from({ length: 12_000 }, (_, i) => `user-${i}`));
  await check();
  const rounds: number[] = [];
  for (let round; (round = await check());) rounds.push(round.users);
  assert.deepEqual(rounds, Array(10).fill(1_000));
});

Deno.test("EndedCheck remembers only so many; the late check looks at the others", async () => {
  await using db = await stores.store();
  const { check, hear, waiting } = endedCheck(db);
  hear(...Array.from({ length: MAX_WAITING + 1 }, (_, i) => `u${i}`));
  assert.equal(waiting(), MAX_WAITING);
  await check();
  await check();
  assert.equal(waiting(), MAX_WAITING - 1_000);
});
