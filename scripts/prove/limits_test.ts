import assert from "node:assert/strict";
import { judgeLimits, measured } from "./limits.ts";

const LIMITS = { back_max_ms: 100, lost: 0 };

Deno.test("a figure may be as high as its limit, and no higher", () => {
  assert.deepEqual(judgeLimits({ back_max_ms: 100, lost: 0, other: 9_000 }, LIMITS), []);
  const [over, ...others] = judgeLimits({ back_max_ms: 101, lost: 1 }, LIMITS);
  assert.deepEqual([over!.name, over!.count, others], ["over-limit", 2, []]);
  assert.match(over!.examples[0]!, /back_max_ms is 101, at most 100/);
});

Deno.test("a figure that has a limit and was not measured is an anomaly", () => {
  for (const lost of [undefined, NaN, Infinity]) {
    const figures = { back_max_ms: 1, ...(lost !== undefined && { lost }) };
    const [unknown, ...others] = judgeLimits(figures, LIMITS);
    assert.deepEqual([unknown!.name, unknown!.count, others], ["not-measured", 1, []]);
    assert.match(unknown!.examples[0]!, /lost is not known/);
  }
});

Deno.test("what was not measured is no figure", () => {
  assert.deepEqual(measured({ a: 0, b: NaN, c: -Infinity }), { a: 0 });
});
