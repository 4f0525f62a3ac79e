import assert from "node:assert/strict";
import fc from "fast-check";
import { Tally } from "edge/hub/tally.ts";

Deno.test("Tally behaves like a set, whatever the order of what comes", () => {
  const gsid = fc.oneof(
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 2 ** 52, max: 2 ** 53 - 1 }),
  );
  fc.assert(
    fc.property(fc.array(gsid, { maxLength: 40 }), gsid, gsid, gsid, (all, after, span, floor) => {
      const tally = new Tally(), set = new Set<number>();
      for (const gsid of all) {
        assert.equal(tally.add(gsid), !set.has(gsid));
        set.add(gsid);
      }
      tally.prune(floor);
      const kept = [...set].filter((gsid) => gsid > floor).sort((a, b) => a - b);
      assert.deepEqual([tally.values(), tally.size], [kept, kept.length]);
      const upto = after + span;
      const within = kept.filter((gsid) => gsid > after && gsid <= upto);
      const xor = Number(within.reduce((sum, gsid) => sum ^ BigInt(gsid), 0n));
      const count = within.length;
      assert.equal(tally.equals({ after, upto, count, xor }), true);
      assert.equal(tally.equals({ after, upto, count: count + 1, xor }), false);
      assert.equal(tally.equals({ after, upto, count, xor: xor + 1 }), false);
    }),
    { numRuns: 500 },
  );
});
