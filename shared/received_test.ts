import assert from "node:assert/strict";
import fc from "fast-check";
import { addSpan, hasAll, hasReceived, lastReceived, MAX_SPANS, type Spans } from "./received.ts";

const spansOf = (...all: [after: number, upto: number][]): Spans =>
  all.reduce<Spans>((spans, [after, upto]) => addSpan(spans, { after, upto }), []);

Deno.test("addSpan() joins what meets, and keeps apart what does not", () => {
  assert.deepEqual(spansOf([0, 10], [10, 20]), [{ after: 0, upto: 20 }]);
  assert.deepEqual(spansOf([5, 10], [0, 7]), [{ after: 0, upto: 10 }]);
  assert.deepEqual(spansOf([20, 30], [0, 10]), [{ after: 0, upto: 10 }, { after: 20, upto: 30 }]);
  assert.deepEqual(spansOf([0, 10], [20, 30], [10, 20]), [{ after: 0, upto: 30 }]);
});

Deno.test("addSpan() forgets the earliest of too many, and takes nothing that is empty", () => {
  assert.deepEqual(spansOf([0, 1], [4, 5], [8, 9]), [{ after: 4, upto: 5 }, { after: 8, upto: 9 }]);
  assert.deepEqual(spansOf([7, 7], [9, 3]), []);
  const known = spansOf([0, 10]);
  assert.equal(addSpan(known, { after: 3, upto: 10 }), known);
});

Deno.test("nothing is received but what was added, and spans stay few, apart and rising", () => {
  const span = fc.tuple(fc.nat(40), fc.nat(40)).map(([after, upto]) => ({ after, upto }));
  fc.assert(fc.property(fc.array(span, { maxLength: 12 }), (added) => {
    const spans = added.reduce<Spans>(addSpan, []);
    assert.ok(spans.length <= MAX_SPANS);
    assert.ok(
      spans.every(({ after, upto }, n) => after < upto && after > (spans[n - 1]?.upto ?? -1)),
    );
    for (let gsid = 0; gsid <= 41; gsid++) {
      if (hasReceived(spans, gsid)) assert.ok(added.some((each) => hasReceived([each], gsid)));
    }
    // The last to be told is never what is forgotten, unless it lies before all others.
    assert.equal(
      lastReceived(spans),
      Math.max(0, ...added.filter((a) => a.after < a.upto).map((a) => a.upto)),
    );
    if (spans[0]) assert.ok(hasAll(spans, spans[0]));
  }));
});
