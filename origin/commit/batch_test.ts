import assert from "node:assert/strict";
import fc from "fast-check";
import { type Queued, takeBatch } from "./batch.ts";

interface Numbered extends Queued {
  n: number;
}

const message = (n: number, key: string): Numbered => ({ n, key });
const change = (n: number): Numbered => ({ n });
const numbers = (commands: Numbered[]) => commands.map(({ n }) => n);

Deno.test("takeBatch() takes messages up to the next change of a group, or up to the limit", () => {
  const queue = [message(1, "a"), message(2, "b"), change(3), message(4, "c")];
  const { batch, rest } = takeBatch(queue, 10);
  assert.deepEqual(numbers(batch), [1, 2]);
  assert.deepEqual(numbers(rest), [3, 4]);
  assert.deepEqual(numbers(takeBatch(queue, 1).rest), [2, 3, 4]);
});

Deno.test("takeBatch() takes a change of a group alone", () => {
  const { batch, rest } = takeBatch([change(1), change(2), message(3, "a")], 10);
  assert.deepEqual(numbers(batch), [1]);
  assert.deepEqual(numbers(rest), [2, 3]);
});

Deno.test("takeBatch() holds back what has a key that is taken, and lets others pass it", () => {
  const queue = [message(1, "a"), message(2, "a"), message(3, "b"), message(4, "a")];
  const { batch, rest } = takeBatch(queue, 10);
  assert.deepEqual(numbers(batch), [1, 3]);
  assert.deepEqual(numbers(rest), [2, 4]);
});

Deno.test("takeBatch() loses nothing, doubles nothing, and keeps the order of each key", () => {
  const command = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ key: fc.constantFrom("a", "b", "c") }),
    },
    { weight: 1, arbitrary: fc.constant({}) },
  );
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (commands, max) => {
        let queue: Numbered[] = commands.map((one, n) => ({ ...one, n }));
        const taken: Numbered[] = [];
        while (queue.length > 0) {
          const { batch, rest } = takeBatch(queue, max);
          assert.ok(batch.length >= 1 && batch.length <= max);
          assert.equal(batch.length + rest.length, queue.length);
          if (batch.length > 1) {
            assert.equal(new Set(batch.map(({ key }) => key)).size, batch.length);
          }
          taken.push(...batch);
          queue = rest;
        }
        assert.deepEqual(numbers(taken).sort((a, b) => a - b), commands.map((_, n) => n));
        for (const key of ["a", "b", "c"]) {
          const ofKey = numbers(taken.filter((one) => one.key === key));
          assert.deepEqual(ofKey, ofKey.toSorted((a, b) => a - b));
        }
        const changes = taken.filter((one) => one.key === undefined);
        assert.deepEqual(numbers(changes), numbers(changes).sort((a, b) => a - b));
        for (const { n } of changes) {
          const before = taken.slice(0, taken.findIndex((one) => one.n === n));
          assert.equal(before.length, n);
        }
      },
    ),
  );
});
