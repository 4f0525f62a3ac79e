import assert from "node:assert/strict";
import fc from "fast-check";
import { Pacer } from "./pace.ts";

Deno.test("a pacer left alone has everything arrive as it comes", () => {
  const pacer = new Pacer(() => 0.5);
  assert.deepEqual([0, 3, 3].map((nowMs) => pacer.arrivalMs(nowMs, 1_000)), [0, 3, 3]);
});

Deno.test("latency is added to each piece, and jitter in proportion to chance", () => {
  const pacer = new Pacer(() => 0.5);
  pacer.pace = { latencyMs: 10, jitterMs: 4 };
  assert.deepEqual([0, 100].map((nowMs) => pacer.arrivalMs(nowMs, 1)), [12, 112]);
});

Deno.test("bandwidth makes pieces queue behind one another, and idle time is not saved up", () => {
  const pacer = new Pacer(() => 0);
  pacer.pace = { bytesPerS: 1_000, latencyMs: 5 };
  assert.deepEqual([0, 0, 1_000].map((nowMs) => pacer.arrivalMs(nowMs, 100)), [105, 205, 1_105]);
});

Deno.test("a thin way takes small pieces, at least a byte", () => {
  const pacer = new Pacer(() => 0);
  pacer.pace = { bytesPerS: 1_024 };
  assert.equal(pacer.pieceBytes, 51);
  pacer.pace = { bytesPerS: 1 };
  assert.equal(pacer.pieceBytes, 1);
  pacer.pace = {};
  assert.equal(pacer.pieceBytes, 64 * 1024);
});

Deno.test("no piece overtakes another, whatever the pace and however it changes", () => {
  const pace = fc.record({
    latencyMs: fc.nat(200),
    jitterMs: fc.nat(200),
    bytesPerS: fc.integer({ min: 1, max: 1_000_000 }),
  });
  const step = fc.record({ pace, afterMs: fc.nat(50), bytes: fc.nat(10_000) });
  fc.assert(fc.property(fc.array(step), fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (
    steps,
    chances,
  ) => {
    let n = 0, nowMs = 0, lastMs = 0;
    const pacer = new Pacer(() => chances[n++ % chances.length] ?? 0);
    for (const { pace, afterMs, bytes } of steps) {
      pacer.pace = pace;
      nowMs += afterMs;
      const arrivalMs = pacer.arrivalMs(nowMs, bytes);
      assert.ok(arrivalMs >= lastMs && arrivalMs >= nowMs);
      lastMs = arrivalMs;
    }
  }));
});
