import assert from "node:assert/strict";
import fc from "fast-check";
import { RateLimiter } from "./rate.ts";

Deno.test("admit() never passes burst and rate, whatever the times of asking", () => {
  const waits = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 });
  fc.assert(fc.property(waits, fc.integer({ min: 1, max: 20 }), (waits, burst) => {
    const limiter = new RateLimiter<string>({ perS: 10, burst });
    let now = 1_000_000;
    const start = now;
    let admitted = 0;
    for (const wait of waits) {
      now += wait;
      if (limiter.admit("ana", now)) admitted++;
      assert(admitted <= burst + (now - start) / 100 + 1e-9);
    }
  }));
});

Deno.test("admit() grants the whole burst at once, then one per step, and each key its own", () => {
  const limiter = new RateLimiter<string>({ perS: 50, burst: 200 });
  const granted = (now: number) => {
    let count = 0;
    while (limiter.admit("ana", now)) count++;
    return count;
  };
  assert.equal(granted(5000), 200);
  assert.equal(granted(5020), 1);
  assert.equal(granted(5100), 4);
  assert.equal(limiter.admit("bob", 5100), true);
  assert.equal(granted(60_000), 200);
});

Deno.test("a rate of 0 is no limit, and remembers nobody", () => {
  const limiter = new RateLimiter<string>({ perS: 0, burst: 200 });
  for (let i = 0; i < 1000; i++) assert(limiter.admit("ana", 0));
  assert.equal(limiter.size, 0);
});

Deno.test("prune() forgets only those who may have their whole burst", () => {
  const limiter = new RateLimiter<string>({ perS: 1, burst: 2 });
  limiter.admit("ana", 0);
  limiter.admit("bob", 900);
  limiter.prune(1000);
  assert.equal(limiter.size, 1);
  assert(limiter.admit("bob", 1000));
  assert(!limiter.admit("bob", 1000));
});
