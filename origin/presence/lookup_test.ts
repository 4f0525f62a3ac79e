import assert from "node:assert/strict";
import { type TestRedis, testRedis } from "testing/redis.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import {
  encodeDevices,
  MARKER_FIELD,
  replicaKey,
  REPLICAS_KEY,
  userField,
} from "shared/presence.ts";
import { Beats } from "./beats.ts";
import { createPresenceLookup, type LookupOutcome, MAX_IN_FLIGHT } from "./lookup.ts";
import { upstashReader } from "./store.ts";

const ANA = "ana" as UserId;
const BEN = "ben" as UserId;
const HERE = encodeDevices([{
  device: "phone" as DeviceId,
  connection: "c" as ConnectionId,
  foreground: true,
}]);

function lookupOf(redis: TestRedis, beats = new Beats()) {
  const outcomes: LookupOutcome["kind"][] = [];
  const lost: string[] = [];
  const { lookup } = createPresenceLookup({
    reader: upstashReader({ url: redis.url, token: redis.token, timeoutMs: 250 }),
    pulses: {
      of: (replica) => beats.pulseOf(replica, redis.now()),
      heard: () => beats.heardReplicas(redis.now()),
    },
    wallMs: redis.now,
    nowMs: redis.now,
    onOutcome: ({ kind }) => outcomes.push(kind),
    onLost: (replica) => lost.push(replica),
  });
  const statesOf = async (...users: UserId[]) =>
    [...(await lookup(users)).values()].map(({ state }) => state);
  return { statesOf, outcomes, lost };
}

function writeReplica(redis: TestRedis, replica: string, ...users: UserId[]) {
  const fields = users.flatMap((user) => [userField(user), HERE]);
  redis.execute("HSET", replicaKey(replica), MARKER_FIELD, "1", ...fields);
  redis.execute("EXPIRE", replicaKey(replica), "60");
  redis.execute("ZADD", REPLICAS_KEY, String(redis.now() + 60_000), replica);
}

Deno.test("lookup() tells who is online on some replica, in one request once it knows them", async () => {
  await using redis = testRedis();
  writeReplica(redis, "a", ANA);
  writeReplica(redis, "b");
  const { statesOf } = lookupOf(redis);
  assert.deepEqual(await statesOf(ANA, BEN), ["online", "offline"]);
  redis.commands.length = 0;
  writeReplica(redis, "b", BEN);
  assert.deepEqual(await statesOf(ANA, BEN), ["online", "online"]);
  assert.deepEqual(redis.commands.map(([name]) => name!.toUpperCase()), [
    "ZRANGE",
    "HMGET",
    "HMGET",
  ]);
});

Deno.test("lookup() asks a replica that is new at once", async () => {
  await using redis = testRedis();
  writeReplica(redis, "a", ANA);
  const { statesOf } = lookupOf(redis);
  await statesOf(ANA);
  writeReplica(redis, "b", BEN);
  assert.deepEqual(await statesOf(BEN), ["online"]);
});

Deno.test("the users of a killed edge are offline when its lease lapses", async () => {
  await using redis = testRedis();
  writeReplica(redis, "a", ANA);
  const { statesOf } = lookupOf(redis);
  redis.advance(59_999);
  assert.deepEqual(await statesOf(ANA), ["online"]);
  redis.advance(1);
  assert.deepEqual(await statesOf(ANA), ["offline"]);
});

Deno.test("a silent replica is left out long before its lease lapses", async () => {
  await using redis = testRedis({ now: 0 });
  writeReplica(redis, "a", ANA);
  const beats = new Beats();
  beats.setConnected(true);
  const { statesOf } = lookupOf(redis, beats);
  for (let passed = 0; passed <= 6_000; passed += 2_000) {
    beats.heardOwn(redis.now());
    assert.deepEqual(await statesOf(ANA), ["online"]);
    redis.advance(2_000);
  }
  beats.heardOwn(redis.now());
  redis.commands.length = 0;
  assert.deepEqual(await statesOf(ANA), ["offline"]);
  assert.equal(redis.commands.length, 1);
});

Deno.test("a replica that beats, of which the store knows nothing, makes everybody unknown", async () => {
  await using redis = testRedis();
  const beats = new Beats();
  beats.heard("a", redis.now());
  assert.deepEqual(await lookupOf(redis, beats).statesOf(ANA), ["unknown"]);
});

Deno.test("lookup() finds everybody unknown when the store fails, and soon asks no more", async () => {
  await using redis = testRedis();
  writeReplica(redis, "a", ANA);
  const { statesOf, outcomes } = lookupOf(redis);
  redis.setFault({ status: 500, body: "down" });
  for (let n = 0; n < 5; n++) assert.deepEqual(await statesOf(ANA), ["unknown"]);
  assert.deepEqual(outcomes, ["failed", "failed", "failed", "skipped", "skipped"]);
  redis.setFault(undefined);
  redis.advance(1_000);
  assert.deepEqual(await statesOf(ANA), ["online"]);
  assert.deepEqual(await statesOf(ANA), ["online"]);
});

Deno.test("lookup() finds everybody unknown when the store does not answer in time", async () => {
  await using redis = testRedis();
  writeReplica(redis, "a", ANA);
  redis.setFault({ delayMs: 10_000 });
  const { statesOf, outcomes } = lookupOf(redis);
  assert.deepEqual(await statesOf(ANA), ["unknown"]);
  assert.deepEqual(outcomes, ["failed"]);
});

Deno.test("lookup() asks about any number of users", async () => {
  await using redis = testRedis();
  writeReplica(redis, "a", ANA);
  const { statesOf } = lookupOf(redis);
  const users = Array.from({ length: 4_500 }, (_, n) => `u${n}` as UserId);
  const states = await statesOf(...users, ANA);
  assert.equal(states.length, 4_501);
  assert.deepEqual([states[0], states.at(-1)], ["offline", "online"]);
});

Deno.test("lookup() asks the store only so much at once, and says unknown to the rest", async () => {
  const answer = Promise.withResolvers<never>();
  const outcomes: string[] = [];
  const presence = createPresenceLookup({
    reader: { read: () => answer.promise },
    pulses: { of: () => "heard", heard: () => ["a"] },
    wallMs: () => 0,
    nowMs: () => 0,
    onOutcome: ({ kind }) => outcomes.push(kind),
    onLost: () => {},
  });
  const asked = Array.from({ length: MAX_IN_FLIGHT + 1 }, () => presence.lookup([ANA]));
  assert.equal(presence.inFlight, MAX_IN_FLIGHT);
  assert.deepEqual((await asked.at(-1)!).get(ANA)?.state, "unknown");
  assert.deepEqual(outcomes, ["skipped"]);
  answer.reject(new Error("down"));
  await Promise.all(asked);
  assert.equal(presence.inFlight, 0);
});

Deno.test("lookup() asks a store that failed again a second later, also when the clock was set back", async () => {
  const outcomes: string[] = [];
  let nowMs = 0, wallMs = 3_600_000;
  const { lookup } = createPresenceLookup({
    reader: { read: () => Promise.reject(new Error("down")) },
    pulses: { of: () => "heard", heard: () => ["a"] },
    wallMs: () => wallMs,
    nowMs: () => nowMs,
    onOutcome: ({ kind }) => outcomes.push(kind),
    onLost: () => {},
  });
  for (let n = 0; n < 4; n++) await lookup([ANA]);
  assert.deepEqual(outcomes, ["failed", "failed", "failed", "skipped"]);
  [nowMs, wallMs] = [1_000, 0];
  await lookup([ANA]);
  assert.equal(outcomes.at(-1), "failed");
});

Deno.test("lookup() tells which replica's presence is gone that is alive, and of no other", async () => {
  await using redis = testRedis();
  const beats = new Beats();
  beats.heard("alive", redis.now());
  beats.heard("whole", redis.now());
  writeReplica(redis, "whole", ANA);
  writeReplica(redis, "dead");
  redis.execute("DEL", replicaKey("dead"));
  const { statesOf, lost } = lookupOf(redis, beats);
  assert.deepEqual(await statesOf(BEN), ["unknown"]);
  assert.deepEqual(lost, ["alive"]);
  redis.setFault({ status: 500, body: "<html>" });
  await statesOf(BEN);
  assert.deepEqual(lost, ["alive"], "no answer says nothing");
});
