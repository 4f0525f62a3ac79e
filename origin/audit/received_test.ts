import assert from "node:assert/strict";
import { encodeMessage, type Received } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { askReceived, ReceivedPositions } from "./received.ts";

const ana = "ana" as UserId, bo = "bo" as UserId, cy = "cy" as UserId;

Deno.test("ReceivedPositions keeps the highest position of each user", () => {
  const positions = new ReceivedPositions();
  positions.note(ana, 20);
  positions.note(ana, 10);
  assert.deepEqual([positions.of(ana), positions.of(bo)], [20, 0]);
});

Deno.test("ReceivedPositions forgets those not heard of for longest", () => {
  const positions = new ReceivedPositions(2);
  positions.note(ana, 1);
  positions.note(bo, 2);
  positions.note(ana, 3);
  positions.note(cy, 4);
  assert.deepEqual([positions.of(ana), positions.of(bo), positions.of(cy)], [3, 0, 4]);
  assert.equal(positions.size, 2);
});

Deno.test("ReceivedPositions takes no position that is no gsid", () => {
  const positions = new ReceivedPositions();
  const users = [[ana, -1], [bo, 1.5], [cy, 7]] as Received["users"];
  positions.hear(encodeMessage<Received>({ replica: "r1", users }));
  assert.deepEqual([positions.of(ana), positions.of(bo), positions.of(cy)], [0, 0, 7]);
  assert.throws(() => positions.hear(new TextEncoder().encode("{}")), /Cannot read a bus message/);
});

Deno.test("askReceived() takes in what every edge answers", async () => {
  const positions = new ReceivedPositions();
  const answers: Received["users"][] = [[[ana, 5]], [[ana, 7], [bo, 6]]];
  const requestMany = () =>
    Promise.resolve(answers.map((users) => encodeMessage<Received>({ replica: "r", users })));
  await askReceived({ requestMany }, positions, "origin-1");
  assert.deepEqual([positions.of(ana), positions.of(bo)], [7, 6]);
});
