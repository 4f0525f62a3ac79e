import assert from "node:assert/strict";
import { readEdge } from "edge/config.ts";
import { readOrigin } from "origin/config.ts";
import { settingsOf } from "shared/config/read.ts";
import { envOf, SECRET_SETTINGS, secretNames } from "./settings.ts";

const NAMES = [...settingsOf(readEdge), ...settingsOf(readOrigin)].map(({ name }) => name);
/** Called like a secret, or an address that could hold one, and none. */
const OPEN = new Set([
  ...["APNS_KEY_ID", "APNS_URL", "FCM_URL", "TOKEN_AUDIENCE", "TOKEN_ISSUER", "TOKEN_JWKS_URL"],
  "UPSTASH_REDIS_REST_URL",
]);

Deno.test("every setting that is called like a secret is kept as one, or is known to be none", () => {
  const suspicious = NAMES.filter((name) => /KEY|SECRET|TOKEN|PASSWORD|SEED|CRED|_URL$/.test(name));
  assert.ok(suspicious.length > 10);
  for (const name of suspicious) assert.ok(SECRET_SETTINGS.has(name) !== OPEN.has(name), name);
});

Deno.test("every secret is a setting, or that of a migration", () => {
  const known = new Set([...NAMES, "DATABASE_OWNER_URL"]);
  assert.deepEqual([...SECRET_SETTINGS].filter((name) => !known.has(name)), []);
});

Deno.test("envOf() refers to secrets, and lets no setting change what is fixed", () => {
  const settings = {
    PORT: "1",
    HOST: "127.0.0.1",
    EDGE_NAME: "x",
    TOKEN_SECRET: "s",
    DRAIN_MS: "9",
  };
  const env = new Map(envOf("edge", settings).map((one) => [one.name, one]));
  assert.deepEqual(env.get("TOKEN_SECRET")?.valueFrom, {
    secretKeyRef: { name: "fanfare-edge", key: "TOKEN_SECRET" },
  });
  assert.equal(env.get("DRAIN_MS")?.value, "9");
  assert.deepEqual([env.get("PORT")?.value, env.get("HOST")?.value], ["8000", "0.0.0.0"]);
  assert.deepEqual(env.get("EDGE_NAME")?.valueFrom, { fieldRef: { fieldPath: "metadata.name" } });
  assert.deepEqual(secretNames(settings), ["TOKEN_SECRET"]);
});

Deno.test("what the runtime tells a collector to be let in is a secret, and its address is none", () => {
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector",
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=canary",
  };
  assert.deepEqual(secretNames(settings), ["OTEL_EXPORTER_OTLP_HEADERS"]);
  const text = JSON.stringify(envOf("origin", settings));
  assert.ok(text.includes("https://collector") && !text.includes("canary"), text);
});
