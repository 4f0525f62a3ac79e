import assert from "node:assert/strict";
import { intersectionOf, lengthWithin, unionOf } from "./spans.ts";

const span = (from: number, to: number) => ({ from, to });

Deno.test("unionOf() makes one of spans that overlap or touch", () => {
  const spans = [span(7, 9), span(1, 3), span(2, 2.5), span(3, 4)];
  assert.deepEqual(unionOf(spans), [span(1, 4), span(7, 9)]);
});

Deno.test("intersectionOf() is what both have", () => {
  const some = [span(0, 10), span(20, 30)], others = [span(5, 22), span(30, 40)];
  assert.deepEqual(intersectionOf(some, others), [span(5, 10), span(20, 22)]);
  assert.deepEqual(intersectionOf(some, []), []);
});

Deno.test("lengthWithin() counts what is covered twice once, and nothing outside", () => {
  assert.equal(lengthWithin([span(0, 4), span(3, 6), span(9, 20)], span(2, 10)), 5);
});
