import assert from "node:assert/strict";
import { reachedBy } from "./reached.ts";
import { UsedWrongly } from "./run.ts";

const COMMON = "NATS_URL=nats://h:4222\nUPSTASH_REDIS_REST_URL=http://h\n" +
  "UPSTASH_REDIS_REST_TOKEN=t\n";
const SECRET = "s".repeat(32);
const FILES: Record<string, string> = {
  edge: `${COMMON}TOKEN_SECRET=${SECRET}\nPORT=8443\n`,
  origin: `${COMMON}API_KEY=${SECRET}\nDATABASE_URL=postgres://a@h/b\n`,
};
const read = (...files: string[]) => reachedBy(files, (path) => FILES[path]!);

Deno.test("reachedBy() finds a deployment on this machine by its own settings", () => {
  assert.deepEqual(read("edge=edge", "origin=origin"), {
    edges: [{ ws: "ws://127.0.0.1:8443/connection/websocket" }],
    origins: [{ api: "http://127.0.0.1:8100" }],
    ...{ api_key: SECRET, token_secret: SECRET },
  });
  assert.deepEqual(read("origin=origin").edges, []);
});

Deno.test("reachedBy() says what lacks in the settings", () => {
  assert.throws(() => read("origin=edge"), (error) => {
    assert.ok(error instanceof UsedWrongly);
    assert.match(error.message, /API_KEY must be set/);
    return true;
  });
});
