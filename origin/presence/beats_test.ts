import assert from "node:assert/strict";
import { Beats } from "./beats.ts";

/** Beats of an origin that has heard itself, and `a`, every 2 s from 0 to `untilMs`. */
function listening(untilMs: number): Beats {
  const beats = new Beats();
  beats.setConnected(true);
  for (let now = 0; now <= untilMs; now += 2_000) {
    beats.heardOwn(now);
    beats.heard("a", now);
  }
  return beats;
}

Deno.test("pulseOf() calls a replica silent 6 s after its last beat, not before", () => {
  const beats = listening(10_000);
  for (const now of [12_000, 14_000, 16_000]) {
    beats.heardOwn(now);
    assert.equal(beats.pulseOf("a", now), "heard");
  }
  beats.heardOwn(16_001);
  assert.equal(beats.pulseOf("a", 16_001), "silent");
});

Deno.test("pulseOf() calls a replica silent that was never heard, once it would have been", () => {
  const beats = new Beats();
  beats.setConnected(true);
  for (const now of [0, 2_000, 4_000, 6_000]) {
    beats.heardOwn(now);
    assert.equal(beats.pulseOf("never", now), "unsure");
  }
  beats.heardOwn(6_001);
  assert.equal(beats.pulseOf("never", 6_001), "silent");
});

Deno.test("pulseOf() is unsure while this origin does not hear itself", () => {
  const beats = listening(10_000);
  assert.equal(beats.pulseOf("a", 20_000), "unsure");
  // It hears itself again, after a pause in which it may have missed others.
  beats.heardOwn(20_000);
  assert.equal(beats.pulseOf("a", 20_000), "unsure");
});

Deno.test("pulseOf() is unsure after a reconnect until it has listened for 6 s", () => {
  const beats = listening(10_000);
  beats.setConnected(false);
  assert.equal(beats.pulseOf("a", 17_000), "unsure");
  beats.setConnected(true);
  for (let now = 18_000; now <= 24_000; now += 2_000) {
    beats.heardOwn(now);
    assert.equal(beats.pulseOf("a", now), "unsure");
  }
  beats.heardOwn(24_001);
  assert.equal(beats.pulseOf("a", 24_001), "silent");
});

Deno.test("heardReplicas() names those that beat, and forgets the others", () => {
  const beats = listening(10_000);
  beats.heard("b", 4_500);
  assert.deepEqual(beats.heardReplicas(10_500), ["a", "b"]);
  assert.deepEqual(beats.heardReplicas(10_501), ["a"]);
});
