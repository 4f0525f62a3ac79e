import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Device } from "testing/client.ts";
import { WebSocketServer } from "ws";

const SUBS = { inbox: { recoverable: true, positioned: true, epoch: "E", offset: 16 } };

/** A server that lets everybody in, and dies in the same breath. */
async function fleetingServer() {
  let connects = 0;
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.on("message", (data) => {
      const { id } = JSON.parse(String(data).split("\n")[0]!);
      const client = `c${++connects}`;
      const connect = { client, version: "x", ping: 25, pong: true, subs: SUBS };
      socket.send(JSON.stringify({ id, connect }), () => socket.terminate());
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connects: () => connects,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

Deno.test("a device takes in what came before its connection was lost, and comes back", async () => {
  await using server = await fleetingServer();
  await using ana = new Device("ana", { edges: [server.url], tokenSecret: "s".repeat(32) });
  ana.centrifuge.connect();
  await ana.until(() => server.connects() > 20 || undefined, "some connects");
  assert.ok(ana.subscriptions.length >= 20, `${ana.subscriptions.length} replies were taken in`);
  assert.ok(ana.closes.every(({ code }) => [0, 1].includes(code)), JSON.stringify(ana.closes));
});
