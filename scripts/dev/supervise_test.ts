import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_DELAY_MS, planRestart } from "./supervise.ts";

Deno.test("planRestart() restarts a program that had settled at once", () => {
  assert.deepEqual(planRestart(60_000, 7), { delayMs: 0, quickEnds: 0 });
});

Deno.test("planRestart() waits longer each time for a program that ends as it starts", () => {
  const delays: number[] = [];
  for (let quickEnds = 0; quickEnds < 4;) {
    const plan = planRestart(10, quickEnds);
    delays.push(plan.delayMs);
    quickEnds = plan.quickEnds;
  }
  assert.deepEqual(delays, delays.toSorted((a, b) => a - b));
  assert.equal(new Set(delays).size, delays.length);
});

Deno.test("planRestart() never leaves a program down for a second", () => {
  fc.assert(fc.property(fc.nat(), fc.nat(), (livedMs, quickEnds) => {
    const plan = planRestart(livedMs, quickEnds);
    assert.ok(plan.delayMs >= 0 && plan.delayMs <= MAX_DELAY_MS && MAX_DELAY_MS < 1000);
  }));
});
