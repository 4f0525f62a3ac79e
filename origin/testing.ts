/**
 * For tests of a whole origin: one on real servers, in this process, and what it is asked.
 *
 * @module
 */

import type { TestDatabase } from "testing/database.ts";
import { type TestNats, testNatsOfRoles, type TestNatsUsers } from "testing/nats.ts";
import { type TestRedis, testRedis } from "testing/redis.ts";
import { asOrigin } from "testing/schema.ts";
import { connectNats, type NatsBus } from "shared/bus/nats.ts";
import { SILENT_LOG } from "shared/log.ts";
import { type Origin, startOrigin } from "./app.ts";
import { type OriginConfig, readOriginConfig } from "./config.ts";
import type { OriginDeps } from "./scene.ts";

export const API_KEY = "k".repeat(32);

export interface TestOrigin extends Origin {
  /** As an edge is connected. */
  readonly bus: NatsBus;
  readonly nats: TestNats & TestNatsUsers;
  readonly redis: TestRedis;
  /** Calls the server API. */
  api(method: string, data: unknown): Promise<unknown>;
  /** The text of the metrics. */
  metrics(): Promise<string>;
  drain(): Promise<void>;
}

export interface TestOriginOptions {
  config?: Partial<OriginConfig>;
  deps?: Partial<OriginDeps>;
}

/** `database` has our schema. */
export async function testOrigin(
  database: TestDatabase,
  { config = {}, deps = {} }: TestOriginOptions = {},
): Promise<TestOrigin & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await testNatsOfRoles());
  const redis = stack.use(testRedis());
  const bus = stack.use(
    await connectNats({ ...nats.optionsOf("edge"), name: "edge", onError: () => {} }),
  );
  const drain = new AbortController();
  const origin = await startOrigin({ ...configOf(database, nats, redis), ...config }, {
    log: SILENT_LOG,
    wallMs: redis.now,
    nowMs: () => performance.now(),
    random: Math.random,
    readText: Deno.readTextFileSync,
    drain,
    ...deps,
  });
  const end = async () => {
    drain.abort();
    await origin.ended;
  };
  stack.defer(end);
  const owned = stack.move();
  return {
    ...origin,
    bus,
    nats,
    redis,
    drain: end,
    async api(method, data) {
      const response = await fetch(`http://127.0.0.1:${origin.port}/api/${method}`, {
        method: "POST",
        headers: { "x-api-key": API_KEY, "content-type": "application/json" },
        body: JSON.stringify(data),
      });
      return await response.json();
    },
    async metrics() {
      return await (await fetch(`http://127.0.0.1:${origin.internalPort}/metrics`)).text();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function configOf(database: TestDatabase, nats: TestNatsUsers, redis: TestRedis): OriginConfig {
  return readOriginConfig({
    DATABASE_URL: asOrigin(database.url),
    ...nats.settingsOf("origin"),
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.readOnlyToken,
    API_KEY,
    PORT: "0",
    INTERNAL_PORT: "0",
    // Waiting for an answer is no part of these tests.
    PRESENCE_TIMEOUT_MS: "2000",
  }, Deno.readTextFileSync);
}
