import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { testNats } from "testing/nats.ts";
import { testRedis } from "testing/redis.ts";
import { settingsOf } from "shared/config/read.ts";
import denoJson from "../deno.json" with { type: "json" };
import { readEdge, readEdgeConfig } from "./config.ts";
import { networkOf } from "./network.ts";

const CHECKOUT = fileURLToPath(new URL("..", import.meta.url));
const SECRET = "a secret of more than thirty-two bytes";
Deno.test("the edge may look at the variables that it reads, and at no others", () => {
  const allowed = /--allow-env=(\S+)/.exec(denoJson.tasks.edge.command)?.[1]?.split(",");
  const read = settingsOf(readEdge).map(({ name }) => name);
  assert.deepEqual(allowed?.sort(), read.toSorted());
});

Deno.test("the edge runs with only its own addresses, and ends with 0 on SIGTERM", async () => {
  await using nats = await testNats();
  await using redis = testRedis();
  await using edge = startEdge({
    NATS_URL: nats.url,
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
  await using edge = startEdge({ NATS_URL: "nats://127.0.0.1:1", PORT: "many" });
  const { message } = await edge.line("Cannot read the configuration");
  assert.match(message, /PORT must be[^]*UPSTASH_REDIS_REST_URL must be set/);
  assert.equal((await edge.status).code, 2);
});

/** The edge's own command, its network narrowed to what its settings name. */
function startEdge(settings: Record<string, string>) {
  const env = {
    HOST: "127.0.0.1",
    PORT: "0",
    INTERNAL_PORT: "0",
    UPSTASH_REDIS_REST_TOKEN: "token",
    TOKEN_SECRET: SECRET,
    ...settings,
  };
  const [, ...args] = denoJson.tasks.edge.command.split(" ");
  const narrow = () => `--allow-net=${networkOf(readEdgeConfig(env))}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: args.map((arg) => arg === "--allow-net" && settings.PORT !== "many" ? narrow() : arg),
    cwd: CHECKOUT,
    env,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(splitLines());
  const reader = lines.getReader();
  const said: string[] = [];
  return {
    status: child.status,
    signal: (signal: Deno.Signal) => child.kill(signal),
    /** The next line of the log whose message begins so. */
    async line(start: string) {
      for (;;) {
        const { value, done } = await reader.read();
        assert(!done, `the edge ended before it said "${start}", but it said ${said.join("\n")}`);
        said.push(value);
        const line = JSON.parse(value);
        if (line.message.startsWith(start)) return line;
      }
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
      await reader.cancel();
    },
  };
}

function splitLines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) controller.enqueue(line);
    },
  });
}
