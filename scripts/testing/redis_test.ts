import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { testRedis } from "testing/redis.ts";

Deno.test("testRedis() speaks to the real client, and counts what it sends", async () => {
  await using redis = testRedis();
  const client = clientOf(redis);
  assert.equal(await client.set("k", "grüße"), "OK");
  const pipeline = client.pipeline();
  pipeline.get("k");
  pipeline.hset("h", { a: "1", b: "2" });
  pipeline.hmget("h", "a", "none", "b");
  assert.deepEqual(await pipeline.exec(), ["grüße", 2, ["1", null, "2"]]);
  assert.deepEqual(redis.commands.map(([name]) => name!.toUpperCase()), [
    ...["SET", "GET", "HSET", "HMGET"],
  ]);
});

Deno.test("testRedis() forgets a key when its clock says so", async () => {
  await using redis = testRedis({ now: 1_000 });
  const client = clientOf(redis);
  await client.set("k", "v", { ex: 60 });
  redis.advance(59_999);
  assert.equal(await client.get("k"), "v");
  redis.advance(1);
  assert.equal(await client.get("k"), null);
});

Deno.test("testRedis() reports a transaction's and a command's errors as Upstash does", async () => {
  await using redis = testRedis();
  const client = clientOf(redis);
  const transaction = client.multi();
  transaction.zadd("z", { score: 2, member: "b" }, { score: 1, member: "a" });
  transaction.zrange("z", 0, "+inf", { byScore: true, withScores: true });
  assert.deepEqual(await transaction.exec(), [2, ["a", "1", "b", "2"]]);
  await assert.rejects(client.hget("z", "f"), /WRONGTYPE/);
  await assert.rejects(client.exec(["NOSUCH", "x"]), /unknown command/);
});

Deno.test("setFault() lets a request fail, hang or answer nonsense", async () => {
  await using redis = testRedis();
  const client = clientOf(redis);
  redis.setFault({ status: 500, body: `{"error":"ERR out of order"}` });
  await assert.rejects(client.get("k"), /out of order/);
  const hanging = Promise.withResolvers<void>();
  redis.setFault({ until: hanging.promise });
  const answer = client.get("k");
  hanging.resolve();
  assert.equal(await answer, null);
  redis.setFault({ body: "nonsense" });
  await assert.rejects(client.get("k"));
  redis.setFault(undefined);
  assert.equal(await client.ping(), "PONG");
});

Deno.test("a wrong token is refused", async () => {
  await using redis = testRedis();
  await assert.rejects(clientOf({ url: redis.url, token: "wrong" }).ping(), /WRONGPASS/);
  assert.deepEqual(redis.commands, []);
});

function clientOf({ url, token }: { url: string; token: string }): Redis {
  return new Redis({
    url,
    token,
    automaticDeserialization: false,
    enableTelemetry: false,
    retry: false,
  });
}
