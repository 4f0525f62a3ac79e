/**
 * Trying the store of presence, by the programs' own clients of it.
 *
 * Invariant: what is written goes under a name of its own, lapses within a minute, and is removed
 * in the same request; nobody's presence is touched.
 *
 * @module
 */

import { upstashStore } from "edge/presence/store.ts";
import type { OriginConfig } from "origin/config.ts";
import { upstashReader } from "origin/presence/store.ts";
import type { RedisConfig } from "shared/config/redis.ts";
import { replicaKey } from "shared/presence.ts";
import { judgeClock, sampleOfDate } from "./clock.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { isOnThisMachine, placeOf } from "./place.ts";
import { type CheckDeps, wordsOf } from "./probe.ts";

const SUBJECT = "redis";
const LAPSE_S = 60;

/** An edge writes. */
export async function checkRedisOfEdge(
  redis: RedisConfig,
  { elapsedMs }: CheckDeps,
): Promise<Finding[]> {
  const name = `fanfare-check-${crypto.randomUUID()}`;
  const [key, list] = [replicaKey(name), `replicas-of-${name}`];
  const store = upstashStore(redis);
  const write = () =>
    store.pipeline([
      ["HSET", key, { marker: "1" }],
      ["EXPIRE", key, LAPSE_S],
      ["HEXISTS", key, "marker"],
      ["ZADD", list, 1, name],
      ["EXPIRE", list, LAPSE_S],
      ["ZREMRANGEBYSCORE", list, 0, 0],
      ["ZREM", list, name],
      ["HDEL", key, "marker"],
      ["DEL", key],
    ]);
  try {
    const { tookMs, result: [, renewed, marked] } = await timed(write, elapsedMs);
    if (Number(renewed) !== 1 || Number(marked) !== 1) {
      const says = "what is written is not there when it is read in the same request";
      const mend = "Name one primary store in UPSTASH_REDIS_REST_URL, no cache or replica";
      return [failure(SUBJECT, says, mend)];
    }
    return [judgeWay(redis, `may be written to, in ${Math.round(tookMs)} ms`)];
  } catch (error) {
    return [judgeTrouble(error, redis)];
  }
}

/** An origin reads. */
export async function checkRedisOfOrigin(
  redis: OriginConfig["redis"],
  { elapsedMs }: CheckDeps,
): Promise<Finding[]> {
  const { timeoutMs } = redis;
  // A slow store is measured, not given up as an origin would.
  const reader = upstashReader({ ...redis, timeoutMs: PATIENCE_MS });
  const nobody = `fanfare-check-${crypto.randomUUID()}`;
  try {
    const { tookMs } = await timed(() => reader.read([nobody], ["marker"]), elapsedMs);
    const mayWrite = await upstashStore(redis).pipeline([["DEL", replicaKey(nobody)]])
      .then(() => true, () => false);
    const ms = Math.round(tookMs);
    const mend = "Move the store closer to the origins, or raise PRESENCE_TIMEOUT_MS";
    if (tookMs > timeoutMs) {
      const says = `a lookup takes ${ms} ms of the ${timeoutMs} ms it may: everybody is unknown`;
      return [failure(SUBJECT, says, mend)];
    }
    if (tookMs > timeoutMs / 2) {
      return [warning(SUBJECT, `a lookup takes ${ms} ms of the ${timeoutMs} ms it may`, mend)];
    }
    if (mayWrite && !isOnThisMachine(redis.url)) return [judgeToken()];
    return [judgeWay(redis, `a lookup takes ${ms} ms of the ${timeoutMs} ms it may`)];
  } catch (error) {
    return [judgeTrouble(error, redis)];
  }
}

function judgeToken(): Finding {
  const says = "a stolen origin could also write presence, and it only reads";
  const mend = "Set its UPSTASH_REDIS_REST_TOKEN to the read-only one that the store's page shows";
  return warning(SUBJECT, says, mend);
}

const PATIENCE_MS = 4_000;

const TIMES = 4;

/** The fastest of a few: the first has to connect, and others are tried meanwhile. */
async function timed<T>(action: () => Promise<T>, elapsedMs: () => number) {
  let result = await action();
  let tookMs = Infinity;
  for (let i = 1; i < TIMES; i++) {
    const startMs = elapsedMs();
    result = await action();
    tookMs = Math.min(tookMs, elapsedMs() - startMs);
  }
  return { result, tookMs };
}

/** The store's own clock, by the `Date` of an answer. */
export async function checkRedisClock(
  { url }: RedisConfig,
  { nowMs }: CheckDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    await dateOf(url, signal);
    const sentMs = nowMs();
    const date = await dateOf(url, signal);
    const sample = sampleOfDate(date, sentMs, nowMs());
    return sample ? [judgeClock("redis", sample)] : [];
  } catch {
    // That it cannot be reached is said by those who need it.
    return [];
  }
}

/** Of any answer, a refusal too. */
async function dateOf(url: string, signal: AbortSignal): Promise<string | null> {
  const response = await fetch(url, { method: "POST", body: "[]", signal });
  await response.body?.cancel();
  return response.headers.get("date");
}

function judgeWay({ url }: RedisConfig, says: string): Finding {
  if (url.startsWith("https:") || isOnThisMachine(url)) return ok(SUBJECT, says);
  const mend = "Set UPSTASH_REDIS_REST_URL to the https address of the store";
  return warning(SUBJECT, `${says}; its token crosses the network in the clear`, mend);
}

function judgeTrouble(error: unknown, { url }: RedisConfig): Finding {
  const words = wordsOf(error).split(", command was:")[0]!;
  const says = `Cannot use the store at ${placeOf(url)}: ${words}`;
  if (/NOPERM|permission/i.test(words)) {
    const mend = "Set UPSTASH_REDIS_REST_TOKEN to the store's own token, not the read-only one";
    return failure(SUBJECT, says, mend);
  }
  if (/WRONGPASS|Unauthorized|401/i.test(words)) {
    const mend = "Set UPSTASH_REDIS_REST_TOKEN to the token that the store's page shows";
    return failure(SUBJECT, says, mend);
  }
  const mend = "Correct UPSTASH_REDIS_REST_URL, or start the store there";
  return failure(SUBJECT, says, mend);
}
