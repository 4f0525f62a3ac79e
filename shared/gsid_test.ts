import assert from "node:assert/strict";
import fc from "fast-check";
import {
  atOfGsid,
  GSID_EPOCH_MS,
  GSID_PER_MS,
  GSID_STEP,
  gsidAt,
  isGsid,
  isIdle,
  shardOfGsid,
  timeOfGsid,
} from "./gsid.ts";

const DAY_MS = 86_400_000;
/** From the epoch until 53 bits run out, about 69 years later. */
const anyMs = fc.integer({
  min: GSID_EPOCH_MS,
  max: GSID_EPOCH_MS + Math.floor(Number.MAX_SAFE_INTEGER / GSID_PER_MS) - 1,
});

Deno.test("a gsid carries its commit time and its shard", () => {
  fc.assert(fc.property(anyMs, fc.nat(255), fc.nat(15), (ms, n, shard) => {
    const gsid = gsidAt(ms) + n * GSID_STEP + shard;
    assert.ok(isGsid(gsid));
    assert.equal(timeOfGsid(gsid), ms);
    assert.equal(shardOfGsid(gsid), shard);
    assert.equal(atOfGsid(gsid), new Date(ms).toISOString());
  }));
});

Deno.test("gsids are ordered as their times, and gsidAt() is the lowest of its millisecond", () => {
  fc.assert(fc.property(anyMs, anyMs, (a, b) => {
    assert.equal(Math.sign(gsidAt(a) - gsidAt(b)), Math.sign(a - b));
    assert.ok(a === GSID_EPOCH_MS || timeOfGsid(gsidAt(a) - 1) === a - 1);
  }));
  assert.equal(gsidAt(GSID_EPOCH_MS - DAY_MS), 0);
  assert.equal(atOfGsid(0), "2025-01-01T00:00:00.000Z");
});

Deno.test("isGsid() takes whole numbers from 0 to 2^53 - 1", () => {
  for (const gsid of [0, 1, Number.MAX_SAFE_INTEGER]) assert.ok(isGsid(gsid));
  for (const no of [-1, 0.5, NaN, Infinity, 2 ** 53, "1", 1n, null, undefined, {}]) {
    assert.equal(isGsid(no), false, String(no));
  }
});

Deno.test("a group that is idle at what is proven is idle at every event above it", () => {
  const gsid = anyMs.map(gsidAt);
  fc.assert(fc.property(gsid, gsid, gsid, fc.nat(10 * DAY_MS), (a, b, c, afterMs) => {
    const [last, proven, event] = [a, b, c].toSorted((one, other) => one - other);
    if (isIdle(last!, proven!, afterMs)) assert.ok(isIdle(last!, event!, afterMs));
  }));
  const last = gsidAt(Date.parse("2026-01-01T00:00:00Z"));
  assert.equal(isIdle(last, last + DAY_MS * GSID_PER_MS, DAY_MS), false);
  assert.equal(isIdle(last, last + DAY_MS * GSID_PER_MS + 1, DAY_MS), true);
});
