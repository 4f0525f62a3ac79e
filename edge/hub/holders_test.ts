import assert from "node:assert/strict";
import fc from "fast-check";
import { Holders } from "./holders.ts";

type Step = ["add" | "take", hash: number, holder: string] | ["drop", number, holder: string];

const HASHES = 40;
/** Many in the same slot at first, and two that differ in one half only. */
const hashOf = (n: number) => ({ low: n % 5, high: Math.floor(n / 2) });

const anyStep: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom("add", "add", "add", "add", "take", "drop"),
  fc.nat(HASHES - 1),
  fc.nat(30).map((n) => `c${n}`),
);

Deno.test("Holders is a set of pairs, whatever is added, taken and dropped", () => {
  const run = fc.property(fc.array(anyStep, { size: "max", maxLength: 2_000 }), (steps) => {
    const holders = new Holders<string>();
    const expected = new Map<string, Set<string>>();
    const key = (n: number) => JSON.stringify(hashOf(n));
    for (const [step, n, holder] of steps) {
      const held = expected.get(key(n)) ?? new Set();
      expected.set(key(n), held);
      if (step === "add" && !held.has(holder)) {
        holders.add(hashOf(n), holder);
        held.add(holder);
      }
      if (step === "take") {
        assert.deepEqual(holders.take(hashOf(n)).toSorted(), [...held].toSorted());
        held.clear();
      }
      if (step === "drop") {
        holders.drop(holder);
        for (const each of expected.values()) each.delete(holder);
      }
      assert.equal(holders.has(hashOf(n)), held.size > 0);
    }
    const pairs = [...expected.values()].reduce((sum, { size }) => sum + size, 0);
    assert.equal(holders.size, pairs);
    for (let n = 0; n < HASHES; n++) {
      assert.deepEqual(
        holders.take(hashOf(n)).toSorted(),
        [...expected.get(key(n)) ?? []].toSorted(),
      );
      expected.delete(key(n));
    }
    assert.equal(holders.size, 0);
  });
  fc.assert(run, { numRuns: 60 });
});

Deno.test("a pair takes a few bytes, and what is dropped is given back", () => {
  const holders = new Holders<object>();
  const connections = Array.from({ length: 1_000 }, () => ({}));
  const enter = (connection: object, group: number) =>
    holders.add({ low: Math.imul(group, 0x9e3779b1) >>> 0, high: group }, connection);
  const GROUPS = 10_000, EACH = 100;
  connections.forEach((connection, c) => {
    for (let n = 0; n < EACH; n++) enter(connection, (c * EACH + n) % GROUPS);
  });
  assert.equal(holders.size, 100_000);
  assert.ok(holders.bytes <= 100_000 * 8 * 1.6 + GROUPS * 12 * 2, `${holders.bytes} bytes`);
  for (const connection of connections) holders.drop(connection);
  assert.equal(holders.size, 0);
  assert.ok(holders.bytes < 20_000, `${holders.bytes} bytes`);
});
