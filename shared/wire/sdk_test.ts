/**
 * The official client against a server that knows nothing but the codec: what the SDK really reads.
 *
 * @module
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Centrifuge, Options, PublicationContext } from "centrifuge";
import { FORMATS, type Sdk, SDKS } from "testing/sdk.ts";
import { type WebSocket, WebSocketServer } from "ws";
import type { Codec, Command, Frame, InboxState, Reply } from "./codec.ts";
import { CLOSES, wireError } from "./codes.ts";
import { jsonCodec } from "./json.ts";
import { protobufCodec } from "./protobuf.ts";

/** One connection, as the server sees it. */
interface Peer {
  codec: Codec;
  send(frame: Frame): void;
  close(code: number, reason: string): void;
}

interface Server extends AsyncDisposable {
  url: string;
}

async function listen(onCommand: (peer: Peer, command: Command) => void): Promise<Server> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket: WebSocket) => {
    const codec = socket.protocol === "centrifuge-protobuf" ? protobufCodec : jsonCodec;
    const peer: Peer = {
      codec,
      send: (frame) => socket.send(frame),
      close: (code, reason) => socket.close(code, reason),
    };
    socket.on("message", (data: Uint8Array, isBinary) => {
      for (const command of codec.decode(isBinary ? data : String(data))) onCommand(peer, command);
    });
  });
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(peer: Peer, id: number, reply: Reply): void {
  peer.send(peer.codec.reply(id, reply));
}

function welcome(peer: Peer, id: number, inbox: InboxState, ttl = 3600): void {
  const data = { user: "ana", device: "phone" };
  answer(peer, id, { connect: { client: "c1", version: "1", ttl, ping: 25, data, inbox } });
}

/** A client that ends, and has closed its socket, when the test does. */
function client(
  { Client }: Sdk,
  url: string,
  options: Partial<Options> = {},
): Centrifuge & AsyncDisposable {
  const centrifuge = new Client(url, {
    token: "T1",
    minReconnectDelay: 1,
    maxReconnectDelay: 20,
    ...options,
  });
  return Object.assign(centrifuge, {
    [Symbol.asyncDispose]: () => {
      centrifuge.disconnect();
      return Promise.resolve();
    },
  });
}

/** The next event of a name, within 5 s. */
function next<Context>(emitter: Centrifuge, name: string): Promise<Context> {
  const { promise, resolve, reject } = Promise.withResolvers<Context>();
  const timer = setTimeout(() => reject(new Error(`Cannot see "${name}": 5 s have passed`)), 5000);
  (emitter as unknown as { once(name: string, handle: (context: Context) => void): void }).once(
    name,
    (context) => {
      clearTimeout(timer);
      resolve(context);
    },
  );
  return promise;
}

const start: InboxState = { epoch: "E", offset: 0 };

for (const format of FORMATS) {
  const sdk = SDKS[format];
  const { encode, decode } = sdk;

  Deno.test(`the ${format} SDK connects, is subscribed to inbox by the server, and hears pushes`, async () => {
    const seen: Command[] = [];
    const ponged = Promise.withResolvers<void>();
    await using server = await listen((peer, command) => {
      seen.push(command);
      if (command.verb === "pong") ponged.resolve();
      if (command.verb !== "connect") return;
      welcome(peer, command.id, start);
      peer.send(peer.codec.join([
        peer.codec.push(`{"type":"message","gsid":32}`, 16),
        peer.codec.ping,
        peer.codec.push(`{"type":"typing"}`),
      ]));
    });
    await using centrifuge = client(sdk, server.url, {
      data: encode({ device: "phone" }),
    });
    const publications: PublicationContext[] = [];
    const both = Promise.withResolvers<void>();
    centrifuge.on("publication", (context) => {
      publications.push(context as unknown as PublicationContext);
      if (publications.length === 2) both.resolve();
    });
    const connected = next<{ client: string; data: unknown }>(centrifuge, "connected");
    const subscribed = next<Record<string, unknown>>(centrifuge, "subscribed");
    centrifuge.connect();
    const { client: id, data } = await connected;
    assert.deepEqual({ id, data: decode(data) }, {
      id: "c1",
      data: { user: "ana", device: "phone" },
    });
    const { channel, recoverable, positioned, streamPosition, wasRecovering } = await subscribed;
    assert.deepEqual({ channel, recoverable, positioned, streamPosition, wasRecovering }, {
      channel: "inbox",
      recoverable: true,
      positioned: true,
      streamPosition: { epoch: "E", offset: 0 },
      wasRecovering: false,
    });
    await both.promise;
    const heard = publications.map(({ channel, data, offset }) => ({
      channel,
      data: decode(data),
      offset,
    }));
    assert.deepEqual(heard, [
      { channel: "inbox", data: { type: "message", gsid: 32 }, offset: 16 },
      { channel: "inbox", data: { type: "typing" }, offset: undefined },
    ]);
    assert.deepEqual(seen[0], { verb: "connect", id: 1, token: "T1", data: { device: "phone" } });
    await ponged.promise;
  });

  Deno.test(`the ${format} SDK gets results and errors of its calls, and sends without waiting`, async () => {
    const sent = Promise.withResolvers<Command>();
    await using server = await listen((peer, command) => {
      if (command.verb === "connect") welcome(peer, command.id, start);
      if (command.verb === "send") sent.resolve(command);
      if (command.verb === "unavailable") {
        answer(peer, command.id, { error: wireError("notAvailable") });
      }
      if (command.verb !== "rpc") return;
      const { id, method, data } = command;
      if (method === "echo") answer(peer, id, { rpc: data });
      else answer(peer, id, { error: wireError("internal") });
    });
    await using centrifuge = client(sdk, server.url);
    centrifuge.connect();
    assert.deepEqual(decode((await centrifuge.rpc("echo", encode({ body: "a\nb" }))).data), {
      body: "a\nb",
    });
    await assert.rejects(centrifuge.rpc("fail", encode(null)), {
      code: 100,
      message: "internal server error",
      temporary: true,
    });
    await assert.rejects(centrifuge.history("inbox"), { code: 108, message: "not available" });
    await centrifuge.send(encode({ type: "ack", gsid: 16 }));
    assert.deepEqual(await sent.promise, { verb: "send", data: { type: "ack", gsid: 16 } });
  });

  Deno.test(`the ${format} SDK refreshes when the ttl has run out, and stays connected`, async () => {
    const refreshed = Promise.withResolvers<string>();
    await using server = await listen((peer, command) => {
      if (command.verb === "connect") welcome(peer, command.id, start, 1);
      if (command.verb === "refresh") {
        answer(peer, command.id, { refresh: { client: "c1", version: "1", ttl: 3600 } });
        refreshed.resolve(command.token);
      }
      if (command.verb === "rpc") answer(peer, command.id, { rpc: "alive" });
    });
    await using centrifuge = client(sdk, server.url, { getToken: () => Promise.resolve("T2") });
    centrifuge.connect();
    assert.equal(await refreshed.promise, "T2");
    assert.equal(decode((await centrifuge.rpc("any", encode(null))).data), "alive");
  });

  Deno.test(`the ${format} SDK resumes from the last offset it was given, 0 included`, async () => {
    const asked: unknown[] = [];
    await using server = await listen((peer, command) => {
      if (command.verb !== "connect") return;
      asked.push(command.recover);
      const { recover } = command;
      if (!recover) {
        welcome(peer, command.id, start);
        return peer.close(CLOSES.shutdown.code, CLOSES.shutdown.reason);
      }
      welcome(peer, command.id, { epoch: "E", offset: recover.gsid, recovered: true });
      if (recover.gsid > 0) return;
      // The offset may trail the event: the next resume repeats, and misses nothing.
      peer.send(peer.codec.push(`{"gsid":4096}`, 4080));
      peer.close(CLOSES.slow.code, CLOSES.slow.reason);
    });
    await using centrifuge = client(sdk, server.url);
    const states: unknown[] = [];
    const resumed = Promise.withResolvers<void>();
    centrifuge.on("subscribed", ({ wasRecovering, recovered }) => {
      if (states.push({ wasRecovering, recovered }) === 3) resumed.resolve();
    });
    centrifuge.connect();
    await resumed.promise;
    assert.deepEqual(asked, [undefined, { gsid: 0, epoch: "E" }, { gsid: 4080, epoch: "E" }]);
    assert.deepEqual(states, [
      { wasRecovering: false, recovered: false },
      { wasRecovering: true, recovered: true },
      { wasRecovering: true, recovered: true },
    ]);
  });

  Deno.test(`the ${format} SDK takes a connect error as its kind says: again, with a new token, or never`, async () => {
    const errors = [wireError("internal"), wireError("tokenExpired"), wireError("unauthorized")];
    const tokens: string[] = [];
    await using server = await listen((peer, command) => {
      if (command.verb !== "connect") return;
      tokens.push(command.token);
      answer(peer, command.id, { error: errors[tokens.length - 1]! });
    });
    await using centrifuge = client(sdk, server.url, { getToken: () => Promise.resolve("T2") });
    centrifuge.on("error", () => {});
    const ended = next<{ code: number; reason: string }>(centrifuge, "disconnected");
    centrifuge.connect();
    const { code, reason } = await ended;
    assert.deepEqual({ code, reason }, { code: 101, reason: "unauthorized" });
    assert.deepEqual(tokens, ["T1", "T1", "T2"]);
  });

  Deno.test(`the ${format} SDK obeys the ranges of our close codes`, async () => {
    for (const { code, reason } of Object.values(CLOSES)) {
      await using server = await listen((peer, command) => {
        if (command.verb !== "connect") return;
        welcome(peer, command.id, start);
        peer.close(code, reason);
      });
      await using centrifuge = client(sdk, server.url, { minReconnectDelay: 60_000 });
      const connected = next(centrifuge, "connected");
      centrifuge.connect();
      await connected;
      const told = await next<{ code: number; reason: string }>(
        centrifuge,
        code >= 3500 ? "disconnected" : "connecting",
      );
      assert.deepEqual({ code: told.code, reason: told.reason }, { code, reason });
    }
  });
}
