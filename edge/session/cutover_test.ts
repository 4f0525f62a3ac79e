import assert from "node:assert/strict";
import type { GroupId } from "shared/ids.ts";
import type { TopicKey } from "shared/topic.ts";
import { Cutover, type Handed } from "./cutover.ts";

const topic = "group-chat-g" as TopicKey;
const event = (gsid: number, size = 1): Handed => ({ gsid, topic, size });
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
  cutover.settle({ head: 5, gains: 1, isMember: () => true });
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

Deno.test("take() counts what waits, and takes no more than there is room for elsewhere", () => {
  const cutover = new Cutover(10);
  cutover.take(event(1, 4), 6);
  assert.equal(cutover.bytes, 4);
  cutover.take(event(2, 4), 6);
  assert.deepEqual([cutover.bytes, cutover.next()], [0, "read on"]);
});

Deno.test("settle() drops what was committed after the user left, up to a later join", () => {
  const cutover = new Cutover(100);
  for (const gsid of [3, 7, 12]) cutover.take(event(gsid));
  cutover.gain({ ...gain, joined: 10 });
  cutover.settle({ head: 5, gains: 0, isMember: () => false });
  assert.deepEqual(cutover.next(), { event: event(12) });
});

Deno.test("settle() of a gained topic leaves what came before the join, and other topics", () => {
  const cutover = new Cutover(100);
  const other = { gsid: 7, topic: "group-chat-h" as TopicKey, size: 1 };
  for (const each of [event(4), event(7), event(9), other]) cutover.take(each);
  cutover.settle({ head: 8, gains: 0, isMember: () => true, gain });
  const left = [cutover.next(), cutover.next(), cutover.next()];
  assert.deepEqual(left, [{ event: event(4) }, { event: event(9) }, { event: other }]);
});

Deno.test("settle() keeps a gain that came after the snapshot was asked for", () => {
  const cutover = new Cutover(100);
  const { gains } = cutover;
  cutover.gain(gain);
  cutover.settle({ head: 9, gains, isMember: () => true });
  assert.deepEqual(cutover.next(), { gain });
});
