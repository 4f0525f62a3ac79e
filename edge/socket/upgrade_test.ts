import assert from "node:assert/strict";
import type { Codec } from "shared/wire/codec.ts";
import { decideUpgrade } from "./upgrade.ts";

const json = { format: "json" } as Codec, protobuf = { format: "protobuf" } as Codec;
const server = {
  codecs: { json, protobuf },
  allowedOrigins: new Set(["https://app.example.com"]),
  isOpen: () => true,
};
const request = {
  url: "/connection/websocket",
  method: "GET",
  headers: { "sec-websocket-version": "13" } as Record<string, string>,
};

function withHeader(name: string, value: string) {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

Deno.test("decideUpgrade() takes a request without Origin, and those of allowed origins", () => {
  assert.deepEqual(decideUpgrade(request, server), { codec: json });
  for (const origin of ["https://app.example.com", "HTTPS://APP.example.com"]) {
    assert.deepEqual(decideUpgrade(withHeader("origin", origin), server), { codec: json });
  }
  const any = { ...server, allowedOrigins: "any" as const };
  assert.deepEqual(decideUpgrade(withHeader("origin", "null"), any), { codec: json });
});

Deno.test("decideUpgrade() refuses every other origin with 403", () => {
  const foreign = [
    "https://app.example.com.evil.net",
    "https://evil.app.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "null",
    "",
  ];
  for (const origin of foreign) {
    assert.deepEqual(decideUpgrade(withHeader("origin", origin), server), { refuse: 403 }, origin);
  }
});

Deno.test("decideUpgrade() knows one path, one method and one version", () => {
  for (const url of ["/", "/connection/websocket/", "//connection/websocket", "/metrics", "*"]) {
    assert.deepEqual(decideUpgrade({ ...request, url }, server), { refuse: 404 }, url);
  }
  assert.deepEqual(decideUpgrade({ ...request, method: "POST" }, server), { refuse: 405 });
  const old = decideUpgrade(withHeader("sec-websocket-version", "8"), server);
  assert.equal("refuse" in old && old.refuse, 426);
});

Deno.test("decideUpgrade() answers 503 while no more connections are welcome", () => {
  assert.deepEqual(decideUpgrade(request, { ...server, isOpen: () => false }), { refuse: 503 });
});

Deno.test("decideUpgrade() picks the format that the client names, if we speak it", () => {
  const offers = withHeader("sec-websocket-protocol", "x, centrifuge-protobuf");
  const asks = { ...request, url: "/connection/websocket?format=protobuf" };
  assert.deepEqual(decideUpgrade(offers, server), {
    codec: protobuf,
    protocol: "centrifuge-protobuf",
  });
  assert.deepEqual(decideUpgrade(asks, server), { codec: protobuf });
  const jsonOnly = { ...server, codecs: { json } };
  assert.deepEqual(decideUpgrade(offers, jsonOnly), { codec: json });
  assert.deepEqual(decideUpgrade(asks, jsonOnly), { codec: json });
});

Deno.test("decideUpgrade() asks for room only for those who may come in", () => {
  const never = { ...server, isOpen: () => assert.fail("a stranger took the room of a client") };
  decideUpgrade({ ...request, url: "/" }, never);
  decideUpgrade(withHeader("origin", "https://evil.example.com"), never);
});
