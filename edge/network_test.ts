import assert from "node:assert/strict";
import { readEdgeConfig } from "./config.ts";
import { networkOf } from "./network.ts";

Deno.test("networkOf() names every address that the settings name, and no other", () => {
  const config = readEdgeConfig({
    HOST: "::",
    PORT: "8001",
    NATS_URL: "nats://n1, tls://n2:5222, n3:4223",
    UPSTASH_REDIS_REST_URL: "https://eu1-store.upstash.io",
    UPSTASH_REDIS_REST_TOKEN: "t",
    TOKEN_JWKS_URL: "https://issuer.example.com:8443/jwks",
  });
  assert.deepEqual(networkOf(config), [
    "[::]:8001",
    "127.0.0.1:9000",
    "n1:4222",
    "n2:5222",
    "n3:4223",
    "eu1-store.upstash.io:443",
    "issuer.example.com:8443",
  ]);
});
