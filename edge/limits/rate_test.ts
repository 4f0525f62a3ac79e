import assert from "node:assert/strict";
import fc from "fast-check";
import { Bucket, RateLimiter } from "./rate.ts";

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
      assert(admitted <= burst + (now - start) / 100 + 1e-5);
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

Deno.test("admit() grants the whole burst at any fraction of a millisecond", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e9 }), (n) => {
    const now = n / 997;
    const bucket = new Bucket({ perS: 10, burst: 40 });
    assert(bucket.admit(now, 10));
    for (let k = 0; k < 30; k++) assert(bucket.admit(now), `${k} of 30 at ${now}`);
    assert(!bucket.admit(now));
  }));
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

Deno.test("what costs more uses up more of the burst, and fits it or is not admitted", () => {
  const limiter = new RateLimiter<string>({ perS: 10, burst: 40 });
  assert(!limiter.admit("ana", 0, 41), "it would never fit");
  assert(limiter.admit("ana", 0, 30));
  assert(!limiter.admit("ana", 0, 11));
  assert(limiter.admit("ana", 0, 10));
  assert(!limiter.admit("ana", 999, 10));
  assert(limiter.admit("ana", 1000, 10));
});

Deno.test("a bucket is a limiter of one, and a refusal costs it nothing", () => {
  const times = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 9 })),
  );
  fc.assert(fc.property(times, (times) => {
    const rate = { perS: 20, burst: 12 };
    const bucket = new Bucket(rate), limiter = new RateLimiter<string>(rate);
    let now = 0;
    for (const [wait, cost] of times) {
      now += wait;
      assert.equal(bucket.admit(now, cost), limiter.admit("ana", now, cost));
    }
  }));
  const full = new Bucket({ perS: 1, burst: 1 });
  assert(full.admit(0));
  for (let i = 0; i < 1000; i++) assert(!full.admit(0));
  assert(full.admit(1000));
});
