import assert from "node:assert/strict";
import { Breaker } from "./breaker.ts";

Deno.test("allows() lets one attempt through a pause after too many failures in a row", () => {
  const breaker = new Breaker({ failures: 3, pauseMs: 1_000 });
  for (const now of [0, 1, 2]) {
    assert.ok(breaker.allows(now));
    breaker.failed(now);
  }
  assert.equal(breaker.allows(3), false);
  assert.equal(breaker.allows(1_001), false);
  assert.equal(breaker.allows(1_002), true);
  assert.equal(breaker.allows(1_003), false);
  breaker.succeeded();
  assert.equal(breaker.allows(1_004), true);
  assert.equal(breaker.allows(1_004), true);
});

Deno.test("allows() forgets failures that were not in a row", () => {
  const breaker = new Breaker({ failures: 2, pauseMs: 1_000 });
  breaker.failed(0);
  breaker.succeeded();
  breaker.failed(1);
  assert.ok(breaker.allows(2));
});
