import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { startRedisRestProcess } from "./redis_rest_process.ts";

Deno.test("the REST store runs as a process of its own, and again on the same port", async () => {
  await using directory = await temporaryDirectory("redis-rest");
  const options = { directory: directory.path, token: crypto.randomUUID() };
  let url = "";
  {
    await using server = await startRedisRestProcess(options);
    url = server.url;
    assert.equal(await new Redis({ ...server, enableTelemetry: false }).set("k", "v"), "OK");
    server.kill("SIGKILL");
    await server.status;
  }
  const port = Number(new URL(url).port);
  {
    await using server = await startRedisRestProcess({ ...options, port });
    assert.equal(server.url, url);
    assert.equal(await new Redis({ ...server, enableTelemetry: false }).get("k"), null);
    await assert.rejects(startRedisRestProcess({ ...options, port }), {
      message: `Cannot start the REST store: port ${port} is taken`,
    });
    await server[Symbol.asyncDispose]();
    assert.deepEqual({ ...await server.status }, { success: true, code: 0, signal: null });
  }
});
