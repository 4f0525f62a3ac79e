import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { testRedis } from "testing/redis.ts";
import { addressOf, hostOf } from "../services/address.ts";
import { closedPort } from "../services/claimed_ports.ts";
import { HttpProxy } from "./http_proxy.ts";

Deno.test("an HTTP proxy passes everything on, until it is told to answer, and again after", async () => {
  await using store = testRedis();
  await using proxy = new HttpProxy();
  const url = `http://${hostOf(proxy.before(addressOf(store.url)))}`;
  const redis = new Redis({ url, token: store.token, retry: false, enableTelemetry: false });
  await redis.set("key", "value");
  assert.equal(store.execute("get", "key"), "value");
  assert.equal(await redis.get("key"), "value");
  proxy.instead = { status: 200, body: "<html>", type: "text/html" };
  await assert.rejects(redis.get("key"));
  assert.equal(proxy.answered, 1);
  proxy.instead = undefined;
  assert.equal(await redis.get("key"), "value");
});

Deno.test("an HTTP proxy before nobody says that it has no answer", async () => {
  await using proxy = new HttpProxy();
  const nobody = { hostname: "127.0.0.1", port: closedPort() };
  const response = await fetch(`http://${hostOf(proxy.before(nobody))}/`);
  await response.body?.cancel();
  assert.equal(response.status, 502);
});
