import assert from "node:assert/strict";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { testNatsOfRoles } from "testing/nats.ts";
import { startTestProgram } from "testing/program.ts";
import { testRedis } from "testing/redis.ts";
import { settingsOf } from "shared/config/read.ts";
import denoJson from "../deno.json" with { type: "json" };
import { readEdge, readEdgeConfig } from "./config.ts";
import { networkOf } from "./network.ts";

const SETTINGS = {
  HOST: "127.0.0.1",
  PORT: "0",
  INTERNAL_PORT: "0",
  UPSTASH_REDIS_REST_TOKEN: "token",
  TOKEN_SECRET: "a secret of more than thirty-two bytes",
};

Deno.test("the edge may look at the variables that it reads, and at no others", () => {
  const allowed = /--allow-env=(\S+)/.exec(denoJson.tasks.edge.command)?.[1]?.split(",");
  const read = settingsOf(readEdge).map(({ name }) => name);
  assert.deepEqual(allowed?.sort(), read.toSorted());
});

Deno.test("the edge runs with only its own addresses, and ends with 0 on SIGTERM", async () => {
  await using nats = await testNatsOfRoles();
  await using redis = testRedis();
  await using edge = startEdge({
    ...nats.settingsOf("edge"),
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
  });
  const up = await edge.line("The edge is up");
  const { internalPort, replica } = up.fields;
  const live = await fetch(`http://127.0.0.1:${internalPort}/live`);
  assert.deepEqual(await live.json(), { live: true });
  // Its presence is there with the next answer of the store.
  await waitUntil(() => redis.execute("HEXISTS", `on:${replica}`, "marker") === 1 || undefined, {
    what: "presence to be written",
    withinMs: 3000,
  });
  edge.signal("SIGTERM");
  assert.equal((await edge.status).code, 0);
  assert.equal(redis.execute("EXISTS", `on:${replica}`), 0);
});

Deno.test("the edge ends with 0 on SIGTERM while it still waits for NATS", async () => {
  await using edge = startEdge({
    NATS_URL: "nats://127.0.0.1:1",
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1",
  });
  await edge.line("Cannot reach NATS");
  edge.signal("SIGTERM");
  assert.equal((await edge.status).code, 0);
});

Deno.test("the edge names every fault of its settings, and ends with 2", async () => {
  await using edge = startTestProgram("edge", {
    ...SETTINGS,
    NATS_URL: "nats://127.0.0.1:1",
    PORT: "many",
  });
  const { message } = await edge.line("Cannot read the configuration");
  assert.match(message, /PORT must be[^]*UPSTASH_REDIS_REST_URL must be set/);
  assert.equal((await edge.status).code, 2);
});

Deno.test("the edge does not start where the runtime would export the addresses of requests", async () => {
  await using edge = startEdge({
    NATS_URL: "nats://127.0.0.1:1",
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1",
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
  });
  const { message } = await edge.line("Cannot read the configuration");
  assert.match(message, /OTEL_TRACES_SAMPLER must be parentbased_always_off.*push tokens/);
  assert.match(message, /OTEL_PROPAGATORS must be none/);
  assert.equal((await edge.status).code, 2);
});

/** The edge by its own task, its network narrowed to what its settings name. */
function startEdge(settings: Record<string, string>) {
  const env = { ...SETTINGS, ...settings };
  const network = `--allow-net=${networkOf(readEdgeConfig(env))}`;
  return startTestProgram("edge", env, (arg) => arg === "--allow-net" ? network : arg);
}
