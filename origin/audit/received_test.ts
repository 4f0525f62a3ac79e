import assert from "node:assert/strict";
import { encodeMessage, type Received } from "shared/bus/requests.ts";
import { type Gsid, GSID_PER_MS, gsidAt } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { lastReceived } from "shared/received.ts";
import { askReceived, REACH_MS, reachOf, ReceivedPositions } from "./received.ts";

const ana = "ana" as UserId, bo = "bo" as UserId, cy = "cy" as UserId;

const REACH: Gsid = 1_000;

const lastOf = (positions: ReceivedPositions, user: UserId) => lastReceived(positions.of(user));

Deno.test("ReceivedPositions keeps the highest position of each user", () => {
  const positions = new ReceivedPositions();
  positions.note(ana, 20);
  positions.note(ana, 10);
  assert.deepEqual([lastOf(positions, ana), lastOf(positions, bo)], [20, 0]);
});

Deno.test("ReceivedPositions forgets those not heard of for longest", () => {
  const positions = new ReceivedPositions(2);
  positions.note(ana, 1);
  positions.note(bo, 2);
  positions.note(ana, 3);
  positions.note(cy, 4);
  assert.deepEqual([lastOf(positions, ana), lastOf(positions, bo), lastOf(positions, cy)], [
    3,
    0,
    4,
  ]);
  assert.equal(positions.size, 2);
});

Deno.test("ReceivedPositions takes nothing for received that lies before a device's beginning", () => {
  const positions = new ReceivedPositions();
  const users: Received["users"] = [[ana, 10], [ana, 40, 20], [bo, 40, 20]];
  positions.hear(encodeMessage<Received>({ replica: "r1", users }), REACH);
  const had = (user: UserId) =>
    [10, 11, 20, 21, 40, 41].filter((gsid) => positions.has(user, gsid));
  assert.deepEqual([had(ana), had(bo), had(cy)], [[10, 21, 40], [21, 40], []]);
  positions.note(ana, 20);
  assert.deepEqual(had(ana), [10, 11, 20, 21, 40]);
});

Deno.test("ReceivedPositions takes no position that is no gsid", () => {
  const positions = new ReceivedPositions();
  const users = [[ana, -1], [bo, 1.5], [bo, 9, -1], [cy, 7]] as Received["users"];
  positions.hear(encodeMessage<Received>({ replica: "r1", users }), REACH);
  assert.deepEqual([lastOf(positions, ana), lastOf(positions, bo), lastOf(positions, cy)], [
    0,
    0,
    7,
  ]);
  assert.throws(
    () => positions.hear(new TextEncoder().encode("{}"), REACH),
    /Cannot read a bus message/,
  );
});

Deno.test("ReceivedPositions believes nothing beyond the reach of the log, and the rest of the report", () => {
  const positions = new ReceivedPositions();
  positions.note(ana, 20);
  const users: Received["users"] = [
    [ana, Number.MAX_SAFE_INTEGER, 0],
    [ana, REACH + 1, 20],
    [bo, REACH, 20],
    [cy, 7],
  ];
  assert.equal(positions.hear(encodeMessage<Received>({ replica: "thief", users }), REACH), 2);
  assert.deepEqual([positions.of(ana), positions.of(bo), positions.of(cy)], [
    [{ after: 0, upto: 20 }],
    [{ after: 20, upto: REACH }],
    [{ after: 0, upto: 7 }],
  ]);
});

Deno.test("reachOf() follows the clock, and the log where that lies ahead of every clock", () => {
  const nowMs = Date.UTC(2030, 0, 1), hourMs = 3_600_000;
  assert.equal(reachOf(0, nowMs), gsidAt(nowMs + REACH_MS));
  assert.equal(reachOf(gsidAt(nowMs - hourMs), nowMs), gsidAt(nowMs + REACH_MS));
  const ahead = gsidAt(nowMs + hourMs) + 16;
  assert.equal(reachOf(ahead, nowMs), ahead + REACH_MS * GSID_PER_MS);
});

Deno.test("askReceived() takes in what every edge answers", async () => {
  const positions = new ReceivedPositions();
  const answers: Received["users"][] = [[[ana, 5]], [[ana, 7], [bo, 6]]];
  const requestMany = () =>
    Promise.resolve(answers.map((users) => encodeMessage<Received>({ replica: "r", users })));
  const hear = (report: Uint8Array) => void positions.hear(report, REACH);
  await askReceived({ requestMany }, hear, "origin-1");
  assert.deepEqual([lastOf(positions, ana), lastOf(positions, bo)], [7, 6]);
});
