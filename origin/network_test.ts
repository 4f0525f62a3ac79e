import assert from "node:assert/strict";
import { readOriginConfig } from "./config.ts";
import { networkOf } from "./network.ts";

Deno.test("networkOf() names what an origin listens on and connects to, and nothing else", () => {
  const config = readOriginConfig({
    PORT: "8100",
    INTERNAL_PORT: "9100",
    API_KEY: "k".repeat(32),
    DATABASE_URL: "postgres://db.example/fanfare",
    NATS_URL: "nats://n1.example,tls://n2.example:4333",
    UPSTASH_REDIS_REST_URL: "https://redis.example",
    UPSTASH_REDIS_REST_TOKEN: "token",
  }, () => "");
  assert.deepEqual(networkOf(config), [
    "127.0.0.1:8100",
    "127.0.0.1:9100",
    "db.example:5432",
    "n1.example:4222",
    "n2.example:4333",
    "redis.example:443",
  ]);
});
