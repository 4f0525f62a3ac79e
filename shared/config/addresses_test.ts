import assert from "node:assert/strict";
import { httpAddress, listenAddress, serverAddress } from "shared/config/addresses.ts";

Deno.test("listenAddress() puts brackets around an IPv6 address", () => {
  assert.equal(listenAddress({ hostname: "127.0.0.1", port: 80 }), "127.0.0.1:80");
  assert.equal(listenAddress({ hostname: "::1", port: 80 }), "[::1]:80");
});

Deno.test("serverAddress() reads URLs, and hosts with and without a port", () => {
  assert.equal(serverAddress("nats://a:1@n1.example:4333", 4222), "n1.example:4333");
  assert.equal(serverAddress("n1.example", 4222), "n1.example:4222");
  assert.equal(serverAddress("n1.example:4333", 4222), "n1.example:4333");
  assert.equal(serverAddress("postgres://u:p@[::1]/db", 5432), "[::1]:5432");
});

Deno.test("httpAddress() knows the ports of http and https", () => {
  assert.equal(httpAddress("https://store.example/x"), "store.example:443");
  assert.equal(httpAddress("http://127.0.0.1:8079"), "127.0.0.1:8079");
  assert.equal(httpAddress("http://127.0.0.1"), "127.0.0.1:80");
});
