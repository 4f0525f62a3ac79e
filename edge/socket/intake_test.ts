import assert from "node:assert/strict";
import fc from "fast-check";
import { Intake } from "./intake.ts";

const RATE = { framesPerS: 100, bytesPerS: 10_000, burstS: 2 };

Deno.test("frames pass at once up to the burst, and then each has to be waited for", () => {
  const intake = new Intake(RATE);
  for (let i = 0; i < 200; i++) intake.heard(1, 1000);
  assert.equal(intake.pauseMs(1000), 0);
  intake.heard(1, 1000);
  assert.equal(intake.pauseMs(1000), 10);
  assert.equal(intake.pauseMs(1010), 0);
});

Deno.test("a large frame counts by its bytes", () => {
  const intake = new Intake(RATE);
  intake.heard(20_000, 0);
  assert.equal(intake.pauseMs(0), 0);
  intake.heard(5_000, 0);
  assert.equal(intake.pauseMs(0), 500);
});

Deno.test("who is read only when told to is never read faster than the rate", () => {
  const frames = fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 300 });
  fc.assert(fc.property(frames, fc.integer({ min: 0, max: 20 }), (frames, gapMs) => {
    const intake = new Intake(RATE);
    let nowMs = 0, bytes = 0, count = 0;
    for (const size of frames) {
      nowMs += Math.max(gapMs, intake.pauseMs(nowMs));
      intake.heard(size, nowMs);
      bytes += size;
      count++;
      const mayBeS = nowMs / 1000 + RATE.burstS;
      assert(count <= mayBeS * RATE.framesPerS + 1);
      assert(bytes <= mayBeS * RATE.bytesPerS + 3_000);
    }
  }));
});
