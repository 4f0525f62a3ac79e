import assert from "node:assert/strict";
import fc from "fast-check";
import { SendQueue } from "./send_queue.ts";

Deno.test("take() keeps the order, loses nothing and counts every byte", () => {
  const frames = fc.array(fc.string({ maxLength: 40 }), { maxLength: 60 });
  fc.assert(fc.property(frames, fc.integer({ min: 1, max: 120 }), (all, maxBytes) => {
    const queue = new SendQueue();
    for (const frame of all) queue.push(frame, frame.length);
    const taken: string[] = [];
    while (queue.length > 0) {
      assert.equal(queue.bytes, all.slice(taken.length).join("").length);
      const message = queue.take(maxBytes) as string[];
      assert(message.length > 0);
      assert(message.length === 1 || message.join("").length <= maxBytes);
      taken.push(...message);
      assert.equal(queue.left, taken.length);
    }
    assert.deepEqual(taken, all);
    assert.equal(queue.bytes, 0);
    assert.equal(queue.entered, all.length);
  }));
});

Deno.test("clear() counts what it drops as gone", () => {
  const queue = new SendQueue();
  queue.push("ab", 2);
  queue.push("c", 1);
  assert.deepEqual(queue.clear(), ["ab", "c"]);
  assert.deepEqual([queue.bytes, queue.length, queue.entered, queue.left], [0, 0, 2, 2]);
});
