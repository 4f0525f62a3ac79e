import assert from "node:assert/strict";
import type { GroupId } from "shared/ids.ts";
import type { TopicKey } from "shared/topic.ts";
import { Cutover, type Waiting } from "./cutover.ts";

const topic = "group-chat-g" as TopicKey;
const event = (gsid: number, size = 1): Waiting => ({ gsid, topic, size });
const gain = { group: "g" as GroupId, joined: 5, cursor: 3 };

Deno.test("take() keeps what comes during the catch-up, first in, first out", () => {
  const cutover = new Cutover(100);
  assert.equal(cutover.take(event(2)), false);
  assert.equal(cutover.take(event(1)), false);
  assert.deepEqual(cutover.next(), { event: event(2) });
  assert.equal(cutover.live, false);
  assert.equal(cutover.take(event(3)), false);
  assert.deepEqual(cutover.next(), { event: event(1) });
  assert.deepEqual(cutover.next(), { event: event(3) });
  assert.equal(cutover.next(), "live");
  assert.equal(cutover.take(event(4)), true);
});

Deno.test("settle() drops what the snapshot covers, and gains that it includes", () => {
  const cutover = new Cutover(100);
  cutover.take(event(1));
  cutover.gain(gain);
  cutover.take(event(9));
  cutover.settle(({ gsid }) => gsid <= 5, 5);
  assert.deepEqual(cutover.next(), { event: event(9) });
  assert.equal(cutover.next(), "live");
});

Deno.test("gain() puts the reading of a gained topic behind what was handed before it", () => {
  const cutover = new Cutover(100);
  cutover.next();
  assert.equal(cutover.live, true);
  cutover.gain(gain);
  assert.equal(cutover.live, false);
  assert.equal(cutover.take(event(6)), false);
  assert.deepEqual(cutover.next(), { gain });
  assert.deepEqual(cutover.next(), { event: event(6) });
  assert.equal(cutover.next(), "live");
});

Deno.test("take() drops the whole buffer over its limit, never a part: the database is read on", () => {
  const cutover = new Cutover(10);
  for (const gsid of [1, 2, 3]) cutover.take(event(gsid, 4));
  cutover.gain(gain);
  assert.equal(cutover.take(event(4)), false);
  assert.equal(cutover.next(), "read on");
  assert.equal(cutover.take(event(5)), false);
  assert.deepEqual(cutover.next(), { event: event(5) });
  assert.equal(cutover.next(), "live");
});
