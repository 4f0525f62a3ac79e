import assert from "node:assert/strict";
import fc from "fast-check";
import { SendQueue } from "./send_queue.ts";

Deno.test("take() keeps the order, loses nothing and counts every byte", () => {
  const frames = fc.array(fc.string({ maxLength: 40 }), { maxLength: 60 });
  fc.assert(fc.property(frames, fc.integer({ min: 1, max: 120 }), (all, maxBytes) => {
    const held = { bytes: 100 };
    const queue = new SendQueue(held);
    for (const frame of all) queue.push(frame, frame.length);
    const taken: string[] = [];
    while (queue.length > 0) {
      assert.equal(queue.bytes, all.slice(taken.length).join("").length);
      assert.equal(held.bytes, 100 + queue.bytes);
      const message = queue.take(maxBytes) as string[];
      assert(message.length > 0);
      assert(message.length === 1 || message.join("").length <= maxBytes);
      taken.push(...message);
      assert.equal(queue.left, taken.length);
    }
    assert.deepEqual(taken, all);
    assert.deepEqual([queue.bytes, held.bytes], [0, 100]);
    assert.equal(queue.entered, all.length);
    assert.equal(queue.enteredBytes, all.join("").length);
  }));
});

Deno.test("clear() counts what it drops as gone", () => {
  const held = { bytes: 0 };
  const queue = new SendQueue(held);
  queue.push("ab", 2);
  queue.push("c", 1);
  assert.equal(held.bytes, 3);
  assert.deepEqual(queue.clear(), ["ab", "c"]);
  assert.deepEqual([queue.bytes, queue.length, queue.entered, queue.left], [0, 0, 2, 2]);
  assert.equal(held.bytes, 0);
});
