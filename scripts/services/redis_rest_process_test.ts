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

Deno.test("the read-only token reads, and is refused whatever may change something", async () => {
  await using directory = await temporaryDirectory("redis-rest");
  const readOnlyToken = crypto.randomUUID();
  const options = { directory: directory.path, token: crypto.randomUUID(), readOnlyToken };
  await using server = await startRedisRestProcess(options);
  const client = (token: string) =>
    new Redis({ url: server.url, token, enableTelemetry: false, retry: false });
  const writer = client(server.token), reader = client(readOnlyToken);
  await writer.hset("on:a", { ben: "[]" });
  await writer.zadd("replicas", { score: 1, member: "a" });
  const read = reader.pipeline().zrange("replicas", 0, -1).hmget("on:a", "ben", "marker");
  assert.deepEqual(await read.exec(), [["a"], { ben: [], marker: null }]);
  const refusal = (command: string) => new RegExp(`NOPERM .*run the '${command}' command`);
  await assert.rejects(reader.set("k", "v"), refusal("set"));
  await assert.rejects(reader.pipeline().hdel("on:a", "ben").exec(), refusal("hdel"));
  await assert.rejects(reader.keys("*"), refusal("keys"));
  await assert.rejects(reader.multi().hgetall("on:a").del("on:a").exec(), /EXECABORT/);
  assert.equal(await writer.hexists("on:a", "ben"), 1);
});
