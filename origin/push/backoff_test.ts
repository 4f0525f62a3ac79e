import assert from "node:assert/strict";
import * as fc from "fast-check";
import { BACKOFF, retryDelayMs } from "./backoff.ts";

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

Deno.test("retryDelayMs() doubles up to its limit", () => {
  const delays = [1, 2, 3, 20].map((attempt) =>
    retryDelayMs({ attempt, random: 0, backoff: { baseMs: 100, maxMs: 1_000 } })
  );
  assert.deepEqual(delays, [50, 100, 200, 500]);
});

Deno.test("retryDelayMs() is never sooner than asked, nor longer than needed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.nat(3_600_000),
      random,
      (attempt, asked, r) => {
        const delay = retryDelayMs({ attempt, askedMs: asked, random: r, backoff: BACKOFF });
        assert.ok(delay >= asked && delay >= BACKOFF.baseMs / 2);
        assert.ok(delay <= Math.max(BACKOFF.maxMs, asked * 1.1) + 1);
      },
    ),
  );
});
