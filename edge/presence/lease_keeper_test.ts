import assert from "node:assert/strict";
import { testRedis } from "testing/redis.ts";
import { testTurns } from "testing/turns.ts";
import type { UserId } from "shared/ids.ts";
import { encodeDevices, type PresentDevice } from "shared/presence.ts";
import { LeaseKeeper } from "./lease_keeper.ts";
import { upstashStore } from "./store.ts";

const ana = "ana" as UserId, bob = "bob" as UserId, cleo = "cleo" as UserId;
const phone = { device: "phone", connection: "c1", foreground: true } as unknown as PresentDevice;

Deno.test("set() resolves when the store has the user, and every key has a time to live", async () => {
  await using scene = keeper();
  await scene.lease.set(ana, [phone]);
  assert.deepEqual(scene.read("HGET", "on:e1", "u:ana"), encodeDevices([phone]));
  assert.equal(scene.read("HGET", "on:e1", "marker"), "1");
  assert.equal(scene.read("TTL", "on:e1"), 60);
  assert.equal(scene.read("ZSCORE", "replicas", "e1"), `${scene.redis.now() + 60_000}`);
  await scene.lease.set(ana, []);
  assert.equal(scene.read("HEXISTS", "on:e1", "u:ana"), 0);
});

Deno.test("a beat costs three commands, for one user and for ten thousand", async () => {
  await using scene = keeper();
  for (const users of [1, 10_000]) {
    await Promise.all(Array.from({ length: users }, (_, i) => {
      return scene.lease.set(`u${i}` as UserId, [phone]);
    }));
    scene.redis.commands.length = 0;
    await scene.passBeat();
    const names = scene.redis.commands.map(([name]) => name?.toUpperCase());
    assert.deepEqual(names, ["EXPIRE", "HEXISTS", "ZADD"]);
  }
});

Deno.test("users of an edge that was killed are gone when the time to live has passed", async () => {
  await using scene = keeper();
  await scene.lease.set(ana, [phone]);
  // Killed: nothing of it is called any more.
  scene.redis.advance(59_999);
  assert.equal(scene.read("EXISTS", "on:e1"), 1);
  scene.redis.advance(1);
  assert.equal(scene.read("EXISTS", "on:e1"), 0);
});

Deno.test("a beat keeps users for longer than the time to live", async () => {
  await using scene = keeper();
  await scene.lease.set(ana, [phone]);
  for (let i = 0; i < 4; i++) await scene.passBeat();
  assert.equal(scene.read("HGET", "on:e1", "u:ana"), encodeDevices([phone]));
});

Deno.test("what the store lost is written again at the next beat", async () => {
  await using scene = keeper();
  await scene.lease.set(ana, [phone]);
  await scene.lease.set(bob, [phone]);
  scene.redis.execute("FLUSHALL");
  await scene.passBeat();
  await scene.quiet();
  assert.equal(scene.read("HLEN", "on:e1"), 3);
  assert.equal(scene.lease.whole, true);
});

Deno.test("what the store lost is written again at once when somebody misses it", async () => {
  await using scene = keeper();
  await scene.lease.set(ana, [phone]);
  scene.redis.execute("FLUSHALL");
  scene.lease.verify();
  await scene.quiet();
  assert.equal(scene.read("HGET", "on:e1", "u:ana"), encodeDevices([phone]));
  assert.equal(scene.read("HGET", "on:e1", "marker"), "1");
});

Deno.test("somebody who misses what is there costs a beat, and nothing is written", async () => {
  await using scene = keeper();
  await scene.lease.set(ana, [phone]);
  scene.redis.commands.length = 0;
  scene.lease.verify();
  await scene.quiet();
  const names = scene.redis.commands.map(([name]) => name?.toUpperCase());
  assert.deepEqual(names, ["EXPIRE", "HEXISTS", "ZADD"]);
});

Deno.test("a store that was away is asked at once what it still has", async () => {
  await using scene = keeper();
  await scene.lease.set(bob, [phone]);
  scene.redis.setFault({ status: 500, body: "<html>" });
  void scene.lease.set(ana, [phone]);
  await scene.fault();
  await scene.quiet();
  scene.redis.execute("FLUSHALL");
  scene.redis.setFault(undefined);
  scene.turns.advance(1000);
  await scene.quiet();
  assert.equal(scene.read("HLEN", "on:e1"), 3);
});

Deno.test("an edge that did not run writes a lapsed lease only when it knows who has gone", async () => {
  await using scene = keeper();
  await scene.lease.set(ana, [phone]);
  await scene.lease.set(bob, [phone]);
  scene.redis.advance(70_000);
  scene.turns.stall(70_000);
  await scene.quiet();
  assert.equal(scene.read("EXISTS", "on:e1"), 0);
  // Its sockets say so as soon as it runs.
  void scene.lease.set(ana, []);
  scene.turns.advance(1_000);
  await scene.quiet();
  const fields = ["u:ana", "u:bob", "marker"].map((field) => scene.read("HEXISTS", "on:e1", field));
  assert.deepEqual(fields, [0, 1, 1]);
});

Deno.test("a store that fails holds nobody up, and gets everything when it answers again", async () => {
  await using scene = keeper();
  await scene.lease.set(bob, [phone]);
  scene.redis.setFault({ status: 500, body: "<html>" });
  const set = scene.lease.set(ana, [phone]);
  await scene.fault();
  await set;
  assert.equal(scene.lease.whole, false);
  // From here on it is known to fail: nobody waits for it any more.
  await scene.lease.set(cleo, [phone]);
  assert.equal(scene.read("HEXISTS", "on:e1", "u:ana"), 0);
  assert.deepEqual(scene.lease.backlog, { waitedFor: 0, unwritten: 2 });
  scene.redis.setFault(undefined);
  scene.turns.advance(1000);
  await scene.quiet();
  assert.equal(scene.read("HEXISTS", "on:e1", "u:ana"), 1);
  assert.equal(scene.read("HEXISTS", "on:e1", "u:cleo"), 1);
  assert.equal(scene.lease.whole, true);
  assert.deepEqual(scene.lease.backlog, { waitedFor: 0, unwritten: 0 });
});

Deno.test("a store that is silent holds nobody up for longer than a second, and keeps no waiter", async () => {
  await using scene = keeper();
  await scene.lease.set(bob, [phone]);
  const silence = Promise.withResolvers<void>();
  scene.hold(silence.promise);
  const waiting = [scene.lease.set(ana, [phone])];
  await scene.begun();
  // While the first write is under way these wait for the next.
  for (let i = 0; i < 100; i++) waiting.push(scene.lease.set(ana, [phone]));
  assert.equal(scene.lease.backlog.waitedFor, 1);
  scene.turns.advance(1000);
  await Promise.all(waiting);
  assert.equal(scene.lease.backlog.waitedFor, 0);
  silence.resolve();
  await scene.quiet();
  assert.equal(scene.lease.backlog.unwritten, 0);
});

Deno.test("stop() takes the replica away, and nothing is written after it", async () => {
  await using scene = keeper();
  await scene.lease.set(ana, [phone]);
  await scene.lease.stop();
  assert.equal(scene.read("EXISTS", "on:e1"), 0);
  assert.equal(scene.read("ZSCORE", "replicas", "e1"), null);
  await scene.lease.set(bob, [phone]);
  assert.equal(scene.read("EXISTS", "on:e1"), 0);
});

function keeper() {
  const redis = testRedis(), turns = testTurns();
  const faults = Promise.withResolvers<void>();
  const store = upstashStore(redis);
  let pending = 0, held = Promise.resolve(), onBegin = () => {};
  const lease = new LeaseKeeper({
    replica: "e1",
    ttlS: 60,
    beatS: 30,
    store: {
      async pipeline(commands) {
        pending++;
        onBegin();
        await held;
        return await store.pipeline(commands).finally(() => pending--);
      },
    },
    turns,
    now: () => redis.now(),
    onFault: () => faults.resolve(),
  });
  lease.start();
  // An answer brings the next request by the end of the next turn, if there is one to come.
  const quiet = async () => {
    for (let turns = 0; turns < 4; turns = pending > 0 ? 0 : turns + 1) {
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  return {
    redis,
    turns,
    lease,
    quiet,
    fault: () => faults.promise,
    /** Requests from now on wait for this. */
    hold: (until: Promise<void>) => held = until,
    begun: () => new Promise<void>((resolve) => onBegin = resolve),
    async passBeat() {
      redis.advance(30_000);
      turns.advance(30_000);
      await quiet();
    },
    read: (...words: string[]) => redis.execute(...words),
    async [Symbol.asyncDispose]() {
      await lease.stop();
      await redis[Symbol.asyncDispose]();
    },
  };
}
