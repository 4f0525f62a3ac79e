import assert from "node:assert/strict";
import { ConfigError } from "shared/config/read.ts";
import { readEdgeConfig } from "./config.ts";

const least = {
  NATS_URL: "nats://127.0.0.1:4222",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:8079",
  UPSTASH_REDIS_REST_TOKEN: "t",
  TOKEN_SECRET: "s".repeat(32),
};

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readEdgeConfig(environment);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.faults;
  }
  return [];
}

Deno.test("readEdgeConfig() needs NATS, Redis and a way to check tokens; the rest has defaults", () => {
  const config = readEdgeConfig(least);
  assert.deepEqual(config.tokens, { keys: { secret: least.TOKEN_SECRET } });
  assert.deepEqual(config.presence, { ttlS: 60, beatS: 30 });
  assert.deepEqual(config.limits.sends, { perS: 50, burst: 200 });
  assert.equal(config.sendBufferBytes, 1024 * 1024);
  assert.equal(config.internal.hostname, "127.0.0.1");
  assert.deepEqual(config.allowedOrigins, new Set());
});

Deno.test("readEdgeConfig() tells every fault at once, and never shows a secret", () => {
  const faults = faultsOf({ TOKEN_SECRET: "short secret", PORT: "x", DRAIN_MS: "-1" });
  for (const name of ["NATS_URL", "UPSTASH_REDIS_REST_URL", "TOKEN_SECRET", "PORT", "DRAIN_MS"]) {
    assert(faults.some((fault) => fault.startsWith(name)), name);
  }
  assert(!faults.join().includes("short secret"));
});

Deno.test("readEdgeConfig() wants exactly one way to check tokens, and a private one", () => {
  const { TOKEN_SECRET: _, ...without } = least;
  assert.equal(faultsOf(without).length, 1);
  assert.equal(faultsOf({ ...least, TOKEN_JWKS_URL: "https://issuer/jwks" }).length, 1);
  assert.equal(faultsOf({ ...without, TOKEN_JWKS_URL: "http://issuer/jwks" }).length, 1);
  assert.equal(faultsOf({ ...without, TOKEN_JWKS_URL: "http://127.0.0.1:9/jwks" }).length, 0);
});

Deno.test("readEdgeConfig() refuses numbers that are right only one by one", () => {
  const [beat, ...others] = faultsOf({ ...least, PRESENCE_TTL_S: "30", PRESENCE_BEAT_S: "16" });
  assert.match(beat!, /^PRESENCE_BEAT_S /);
  const [buffer] = faultsOf({
    ...least,
    SEND_BUFFER_BYTES: `${2 ** 21}`,
    SEND_BUFFERS_TOTAL_BYTES: `${2 ** 20}`,
  });
  assert.match(buffer!, /^SEND_BUFFER_BYTES /);
  assert.deepEqual(others, []);
});

Deno.test("readEdgeConfig() reads origins as origins, not as URLs", () => {
  const origins = (list: string) => readEdgeConfig({ ...least, ALLOWED_ORIGINS: list });
  assert.deepEqual(
    origins("https://App.example.com, http://localhost:3000").allowedOrigins,
    new Set(["https://app.example.com", "http://localhost:3000"]),
  );
  assert.equal(origins("*").allowedOrigins, "any");
  for (const wrong of ["app.example.com", "https://app.example.com/", "https://a.com:443"]) {
    assert.equal(faultsOf({ ...least, ALLOWED_ORIGINS: wrong }).length, 1, wrong);
  }
});
