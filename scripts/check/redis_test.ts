import assert from "node:assert/strict";
import { testRedis } from "testing/redis.ts";
import { closedPort } from "../services/claimed_ports.ts";
import { startRedisRest } from "../services/redis_rest/server.ts";
import { checkRedisClock, checkRedisOfEdge, checkRedisOfOrigin } from "./redis.ts";
import { DEPS, expectAllWell, NEVER, testPlants } from "./testing.ts";

const TIMEOUT_MS = 5_000;
const WRITES = ["HSET", "ZADD", "EXPIRE", "HDEL", "DEL", "ZREM", "ZREMRANGEBYSCORE"];

Deno.test("a store that may be written to and read is well, and keeps nothing of it", async () => {
  await using redis = testRedis();
  expectAllWell(await checkRedisOfEdge(redis, DEPS));
  const ofOrigin = { url: redis.url, token: redis.readOnlyToken, timeoutMs: TIMEOUT_MS };
  expectAllWell(await checkRedisOfOrigin(ofOrigin, DEPS));
  expectAllWell(await checkRedisClock(redis, DEPS, NEVER));
  assert.deepEqual(redis.execute("KEYS", "*"), []);
  assert.ok(
    redis.commands.every(([, key]) => key === "replicas" || key!.includes("fanfare-check")),
  );
  const changed = redis.commands.filter(([verb]) => WRITES.includes(verb!.toUpperCase()));
  assert.ok(changed.every(([, key]) => key !== "replicas"));
});

function redisOf({ url, token }: { url: string; token: string }) {
  return { url, token };
}

testPlants([
  {
    name: "the store is not there",
    find: () => checkRedisOfEdge({ url: `http://127.0.0.1:${closedPort()}`, token: "t" }, DEPS),
    subject: "redis",
    says: /^Cannot use the store at 127\.0\.0\.1:\d+: /,
    mend: /^Correct UPSTASH_REDIS_REST_URL, or start the store there$/,
  },
  {
    name: "a wrong token of an edge",
    find: async () => {
      await using redis = testRedis();
      return await checkRedisOfEdge({ url: redis.url, token: "wrong" }, DEPS);
    },
    subject: "redis",
    says: /WRONGPASS/,
    mend: /^Set UPSTASH_REDIS_REST_TOKEN to the token that the store's page shows$/,
  },
  {
    name: "a wrong token of an origin",
    find: async () => {
      await using redis = testRedis();
      const wrong = { url: redis.url, token: "wrong", timeoutMs: TIMEOUT_MS };
      return await checkRedisOfOrigin(wrong, DEPS);
    },
    subject: "redis",
    says: /WRONGPASS/,
    mend: /^Set UPSTASH_REDIS_REST_TOKEN/,
  },
  {
    name: "an edge with the read-only token",
    find: async () => {
      await using redis = testRedis();
      return await checkRedisOfEdge({ url: redis.url, token: redis.readOnlyToken }, DEPS);
    },
    subject: "redis",
    says: /NOPERM/,
    mend: /not the read-only one$/,
  },
  {
    name: "an origin with the token that writes, of a store elsewhere",
    find: async () => {
      await using redis = testRedis();
      const url = redis.url.replace("127.0.0.1", "0.0.0.0");
      return await checkRedisOfOrigin({ url, token: redis.token, timeoutMs: TIMEOUT_MS }, DEPS);
    },
    level: "warning",
    subject: "redis",
    says: /^a stolen origin could also write presence, and it only reads$/,
    mend: /read-only one that the store's page shows$/,
  },
  {
    name: "a store that is slower than lookups may be",
    find: async () => {
      await using redis = startRedisRest({ token: "t", fault: () => ({ delayMs: 40 }) });
      return await checkRedisOfOrigin({ ...redisOf(redis), timeoutMs: 10 }, DEPS);
    },
    subject: "redis",
    says: /^a lookup takes \d+ ms of the 10 ms it may: everybody is unknown$/,
    mend: /raise PRESENCE_TIMEOUT_MS$/,
  },
  {
    name: "something else than a store",
    find: async () => {
      await using redis = testRedis();
      redis.setFault({ status: 404, body: "<html>" });
      return await checkRedisOfEdge(redis, DEPS);
    },
    subject: "redis",
    says: /^Cannot use the store/,
    mend: /^Correct UPSTASH_REDIS_REST_URL/,
  },
  {
    name: "a clock that is a minute behind",
    find: async () => {
      await using redis = testRedis();
      const deps = { ...DEPS, nowMs: () => Date.now() - 60_000 };
      return await checkRedisClock(redis, deps, NEVER);
    },
    subject: "clock of redis",
    says: /^[56]\d s ahead of this machine's/,
    mend: /timedatectl set-ntp true$/,
  },
]);
