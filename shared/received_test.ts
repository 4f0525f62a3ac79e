import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addStretch,
  hasAll,
  hasReceived,
  lastReceived,
  MAX_STRETCHES,
  type Stretches,
} from "./received.ts";

const kept = (...all: [after: number, upto: number][]): Stretches =>
  all.reduce<Stretches>((stretches, [after, upto]) => addStretch(stretches, { after, upto }), []);

Deno.test("addStretch() joins what meets, and keeps apart what does not", () => {
  assert.deepEqual(kept([0, 10], [10, 20]), [{ after: 0, upto: 20 }]);
  assert.deepEqual(kept([5, 10], [0, 7]), [{ after: 0, upto: 10 }]);
  assert.deepEqual(kept([20, 30], [0, 10]), [{ after: 0, upto: 10 }, { after: 20, upto: 30 }]);
  assert.deepEqual(kept([0, 10], [20, 30], [10, 20]), [{ after: 0, upto: 30 }]);
});

Deno.test("addStretch() forgets the earliest of too many, and takes nothing that is empty", () => {
  assert.deepEqual(kept([0, 1], [4, 5], [8, 9]), [{ after: 4, upto: 5 }, { after: 8, upto: 9 }]);
  assert.deepEqual(kept([7, 7], [9, 3]), []);
  const known = kept([0, 10]);
  assert.equal(addStretch(known, { after: 3, upto: 10 }), known);
});

Deno.test("nothing is received but what was added, and stretches stay few, apart and rising", () => {
  const stretch = fc.tuple(fc.nat(40), fc.nat(40)).map(([after, upto]) => ({ after, upto }));
  fc.assert(fc.property(fc.array(stretch, { maxLength: 12 }), (added) => {
    const stretches = added.reduce<Stretches>(addStretch, []);
    assert.ok(stretches.length <= MAX_STRETCHES);
    assert.ok(
      stretches.every(({ after, upto }, n) =>
        after < upto && after > (stretches[n - 1]?.upto ?? -1)
      ),
    );
    for (let gsid = 0; gsid <= 41; gsid++) {
      if (hasReceived(stretches, gsid)) assert.ok(added.some((each) => hasReceived([each], gsid)));
    }
    // The last to be told is never what is forgotten, unless it lies before all others.
    assert.equal(
      lastReceived(stretches),
      Math.max(0, ...added.filter((a) => a.after < a.upto).map((a) => a.upto)),
    );
    if (stretches[0]) assert.ok(hasAll(stretches, stretches[0]));
  }));
});
