import assert from "node:assert/strict";
import { ANNOUNCE, encodeMessage, type Received } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { LATE_MS } from "./late_check.ts";
import { LateCheck } from "./late_check_shell.ts";
import { TestBeats, TestBus } from "./testing/bus.ts";
import { onlyLooking } from "./testing/presence.ts";
import {
  ago,
  direct,
  jobsOf,
  seedConversation,
  seedEvents,
  seedTargets,
  user,
} from "./testing/seed.ts";

const stores = storesOfThisFile();
const HOUR_MS = 3_600_000;
const EVER: Gsid = Number.MAX_SAFE_INTEGER;

/** A late check that runs when told to, and how many positions it did not believe. */
function lateCheck({ sql }: TestStore) {
  const bus = new TestBus(), clock = { nowMs: 0 }, seen = { disbelieved: 0 };
  const check = new LateCheck({
    sql,
    bus,
    presence: onlyLooking(),
    origin: "origin-1",
    largeGroup: 1_000,
    nowMs: () => clock.nowMs,
    wallMs: Date.now,
    every: new TestBeats().every,
    events: {
      checked() {},
      ended() {},
      disbelieved: (positions) => seen.disbelieved += positions,
      failed: (error) => {
        throw error;
      },
    },
  });
  return Object.assign(check, { bus, clock, seen });
}

/** An edge says that bo has received everything up to there. */
function reportOf(upto: Gsid): Uint8Array {
  return encodeMessage<Received>({ replica: "edge", users: [[user("bo"), upto, 0]] });
}

/** Messages of ana to bo, who has a device. */
async function seedDirect({ sql }: TestStore, all: Gsid[]): Promise<void> {
  const conversation = direct("ana", "bo");
  await seedConversation(sql, conversation, ["ana", "bo"]);
  await seedTargets(sql, ["bo"]);
  await seedEvents(sql, all.map((gsid) => ({ gsid, conversation, sender: "ana" })));
}

Deno.test("an edge that says that somebody has received all that is to come is not believed", async () => {
  await using db = await stores.store();
  const gsid = ago(LATE_MS + 1_000);
  await seedDirect(db, [gsid]);
  await using check = lateCheck(db);
  check.bus.publish(ANNOUNCE.received, reportOf(EVER));
  check.bus.answers = [reportOf(EVER)];
  await check.check();
  check.bus.publish(ANNOUNCE.received, reportOf(EVER));
  assert.deepEqual([await jobsOf(db.sql), check.seen.disbelieved], [[`bo ${gsid}`], 3]);
});

Deno.test("who has received what lies ahead of every clock is believed, by an origin that has just come too", async () => {
  await using db = await stores.store();
  const first = ago(-HOUR_MS), second = first + 16;
  await seedDirect(db, [first, second]);
  await using check = lateCheck(db);
  check.bus.answers = [reportOf(first)];
  await check.check();
  check.clock.nowMs += LATE_MS;
  await check.check();
  assert.deepEqual([await jobsOf(db.sql), check.seen.disbelieved], [[`bo ${second}`], 0]);
});
