import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import process from "node:process";
import { WebSocket } from "ws";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { frame, OPCODE, RawWebSocket } from "testing/raw_websocket.ts";
import { testTurns } from "testing/turns.ts";
import { type Codec, type Frame, FRAME_LIMITS } from "shared/wire/codec.ts";
import { CLOSES } from "shared/wire/codes.ts";
import { systemTurns } from "shared/turns.ts";
import { createSocketServer, type SocketServerOptions } from "./accept.ts";
import type { Socket } from "./socket.ts";

const json = {
  format: "json",
  join: (frames: readonly Frame[]) => frames.join("\n"),
} as Partial<Codec> as Codec;
const protobuf = {
  format: "protobuf",
  join: (frames: readonly Frame[]) => Buffer.concat(frames.map((frame) => Buffer.from(frame))),
} as Partial<Codec> as Codec;

Deno.test("a text frame reaches the handler, and what it sends comes back in one message", async () => {
  await using server = await echoServer();
  using client = await server.connect();
  await client.send("one");
  assert.equal((await client.read())?.text, "one\none");
});

Deno.test("a Protobuf connection speaks binary, under the subprotocol that was offered", async () => {
  await using server = await echoServer();
  const { socket, headers } = await RawWebSocket.open(server.port, {
    headers: { "Sec-WebSocket-Protocol": "centrifuge-protobuf" },
  });
  using client = socket;
  assert.equal(headers.get("sec-websocket-protocol"), "centrifuge-protobuf");
  await client.send(new Uint8Array([0, 255]), { opcode: OPCODE.binary });
  const received = await client.read();
  assert.equal(received?.opcode, OPCODE.binary);
  assert.deepEqual([...received.payload], [0, 255, 0, 255]);
  await client.send("text");
  assert.equal(await client.closeCode(), 3501);
});

Deno.test("what is no upgrade, or not allowed, is refused before it is one", async () => {
  await using server = await echoServer();
  const cases: [status: number, path: string, headers: Record<string, string>][] = [
    [403, "/connection/websocket", { Origin: "https://app.example.com.evil.net" }],
    [403, "/connection/websocket", { Origin: "null" }],
    [404, "/elsewhere", {}],
    [426, "/connection/websocket", { "Sec-WebSocket-Version": "8" }],
    [400, "/connection/websocket", { "Sec-WebSocket-Key": "short" }],
    [101, "/connection/websocket", { Origin: "https://app.example.com" }],
    [431, "/connection/websocket", { "X-Long": "x".repeat(100_000) }],
  ];
  for (const [expected, path, headers] of cases) {
    const { socket, status } = await RawWebSocket.open(server.port, { path, headers });
    socket[Symbol.dispose]();
    assert.equal(status, expected, JSON.stringify([path, headers]).slice(0, 100));
  }
  const plain = await fetch(`http://127.0.0.1:${server.port}/other`);
  assert.equal(await plain.text(), "the app");
});

Deno.test("upgrades get 503 while no more are welcome, and open sockets stay", async () => {
  await using server = await echoServer();
  using client = await server.connect();
  server.open = false;
  const { socket, status } = await RawWebSocket.open(server.port);
  socket[Symbol.dispose]();
  assert.equal(status, 503);
  await client.send("still here");
  assert.equal((await client.read())?.text, "still here\nstill here");
});

const big = "x".repeat(FRAME_LIMITS.maxBytes);
const bounds: [what: string, bytes: Uint8Array[], code: number][] = [
  ["a frame one byte too long", [frame(big + "x")], 1009],
  ["a header that promises 63 MiB", [frame("", { length: 63 << 20 })], 1009],
  ["fragments whose sum is too long", [
    frame(big, { fin: false }),
    frame("x", { opcode: OPCODE.continuation, fin: false }),
  ], 1009],
  ["fragments without end", [
    frame("x", { fin: false }),
    ...Array.from({ length: 200 }, () => frame("x", { opcode: OPCODE.continuation, fin: false })),
  ], 1008],
  ["an unmasked frame", [frame("x", { masked: false })], 1002],
  ["a reserved bit", [frame("x", { rsv1: true })], 1002],
  ["an unknown opcode", [frame("x", { opcode: 5 })], 1002],
  ["a ping of 126 bytes", [frame("x".repeat(126), { opcode: OPCODE.ping })], 1002],
  ["invalid UTF-8", [frame(new Uint8Array([0xc3, 0x28]))], 1007],
  ["binary on a JSON connection", [frame("x", { opcode: OPCODE.binary })], 3501],
];
for (const [what, bytes, code] of bounds) {
  Deno.test(`${what} closes with ${code}, and nobody else notices`, async () => {
    await using server = await echoServer();
    using client = await server.connect();
    using neighbour = await server.connect();
    await client.write(Buffer.concat(bytes));
    assert.equal(await client.closeCode(), code);
    await neighbour.send("hello");
    assert.equal((await neighbour.read())?.text, "hello\nhello");
  });
}

Deno.test("the longest allowed frame passes", async () => {
  await using server = await echoServer();
  using client = await server.connect();
  await client.send(big);
  assert.equal((await client.read())?.text, big);
  assert.equal((await client.read())?.text, big);
});

Deno.test("a handler that throws closes its own socket with 3004, and the fault is reported", async () => {
  await using server = await echoServer();
  using client = await server.connect();
  using neighbour = await server.connect();
  await client.send("throw");
  assert.equal(await client.closeCode(), CLOSES.internal.code);
  assert.equal(server.faults.length, 1);
  await neighbour.send("hello");
  assert.equal((await neighbour.read())?.text, "hello\nhello");
});

Deno.test("close() sends what is queued first, and ends a peer that never answers", async () => {
  await using server = await echoServer();
  using client = await server.connect();
  await client.send("close me");
  assert.equal((await client.read())?.text, "last words");
  const close = await client.read();
  assert.equal(close?.opcode, OPCODE.close);
  assert.equal(Buffer.from(close.payload).readUInt16BE(0), CLOSES.forceDisconnect.code);
  assert.equal(close.text.slice(2), CLOSES.forceDisconnect.reason);
  // The peer says nothing more: the server hangs up by itself.
  assert.equal(await client.read(), undefined);
  assert.deepEqual(await server.closed(1), [CLOSES.forceDisconnect]);
});

Deno.test("a peer that stops reading is refused at the limit, cut off, and its memory freed", async () => {
  await using server = await echoServer({ sendBufferBytes: 256 * 1024 });
  using _stalled = await server.connect();
  const [slow] = server.sockets;
  using neighbour = await server.connect();
  const flood = "x".repeat(1000);
  let sent = 0;
  // The kernel hides up to a few MiB before the runtime's buffer grows at all.
  while (slow!.send(flood)) {
    assert(++sent < 100_000);
    assert(slow!.queuedBytes <= 256 * 1024);
    if (sent % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  slow!.close(CLOSES.slow);
  assert(slow!.queuedBytes < 140 * 1024, `${slow!.queuedBytes} bytes are kept`);
  await neighbour.send("hello");
  assert.equal((await neighbour.read())?.text, "hello\nhello");
  assert.deepEqual(await server.closed(1), [CLOSES.slow]);
  assert.equal(slow!.queuedBytes, 0);
});

Deno.test("when all queues together hold too much, whoever holds more than a little is refused", async () => {
  await using server = await echoServer({ sendBufferBytes: 8 << 20, maxHeldBytes: 1 << 20 });
  using _stalled = await server.connect();
  using reader = await server.connect();
  const [slow, quick] = server.sockets;
  const flood = "x".repeat(1_000);
  const sentTo = (socket: Socket) => {
    let sent = 0;
    while (sent < 20_000 && socket.send(flood)) sent++;
    return sent;
  };
  // The kernel takes a few MiB; then all that may be held is held for this one.
  while (sentTo(slow!) > 0) await new Promise((resolve) => setTimeout(resolve));
  assert(slow!.queuedBytes < 2 << 20, `${slow!.queuedBytes} are held`);
  await reader.send("hello");
  assert.equal((await reader.read())?.text, "hello\nhello");
  const some = sentTo(quick!);
  assert(some > 20 && some < 70, `${some} KB may wait for one who is not slow`);
  slow!.terminate();
  assert(sentTo(quick!) > 500, "there is room again");
});

Deno.test("beyond its connections a server ends new ones at once, upgrade or not", async () => {
  await using server = await echoServer({ maxConnections: 2 });
  using _one = await server.connect();
  using _other = await server.connect();
  const { socket, status } = await RawWebSocket.open(server.port);
  socket[Symbol.dispose]();
  assert.equal(status, 0);
});

Deno.test("listenAnew() takes connections again, and whoever is connected stays", async () => {
  await using server = await echoServer();
  using client = await server.connect();
  assert.equal(await server.listenAnew(), server.port);
  using other = await server.connect();
  for (const one of [client, other]) {
    await one.send("hello");
    assert.equal((await one.read())?.text, "hello\nhello");
  }
  assert.equal(server.taken(), 2);
});

Deno.test("listenAnew() that fails again and again leaves nothing behind, and may succeed later", async () => {
  await using server = await echoServer();
  using client = await server.connect();
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on("warning", warned);
  const hostname = "192.0.2.1"; // No machine has it: it is for documents.
  for (let i = 0; i < 12; i++) await assert.rejects(server.listenAnew(hostname));
  process.off("warning", warned);
  assert.deepEqual(warnings, []);
  await server.listenAnew();
  using _other = await server.connect();
  await client.send("hello");
  assert.equal((await client.read())?.text, "hello\nhello");
});

Deno.test("a slow peer gets everything, in order, through the high-water mark", async () => {
  await using server = await echoServer({ sendBufferBytes: 64 << 20 });
  using client = await server.connect();
  const [socket] = server.sockets;
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i}`.padEnd(500, "."));
  for (const line of lines) assert(socket!.send(line));
  const received: string[] = [];
  while (received.length < lines.length) {
    const message = await client.read();
    assert(message!.payload.length <= 64 * 1024 + 200);
    received.push(...message!.text.split("\n"));
  }
  assert.deepEqual(received, lines);
  assert.equal(socket!.framesQueued, socket!.framesWritten);
});

Deno.test("a flood of frames is read no faster than the rate, and holds nobody up", async () => {
  const clock = testTurns();
  const heard = { flood: 0, neighbour: 0 };
  let next: keyof typeof heard = "flood";
  await using server = await echoServer({
    turns: { ...systemTurns, nowMs: clock.nowMs, later: clock.later },
    intake: { framesPerS: 100, bytesPerS: 1 << 30, burstS: 1 },
    onSocket() {
      const who = next;
      next = "neighbour";
      return { onFrame: () => void heard[who]++, onClose() {} };
    },
  });
  const client = await server.connect();
  using neighbour = await server.connect();
  const chunk = Buffer.concat(Array(1_000).fill(frame("x".repeat(100))));
  // More than both kernels take: it ends when its connection does.
  const flood = (async () => {
    for (let i = 0; i < 200; i++) await client.write(chunk);
  })().catch(() => {});
  await until(() => heard.flood >= 100, "the burst");
  for (let i = 1; i <= 10; i++) {
    await neighbour.send("hello");
    await until(() => heard.neighbour === i, "the neighbour to be heard");
  }
  const { flood: atOnce } = heard;
  assert(atOnce < 3_000, `${atOnce} were read at once`);
  clock.advance(60_000);
  await until(() => heard.flood > atOnce, "more of the flood");
  client[Symbol.dispose]();
  await flood;
});

Deno.test("a peer that pings and does not read the pongs is cut off", async () => {
  await using server = await echoServer();
  using client = await server.connect();
  const pings = Buffer.concat(Array(1_000).fill(frame("x".repeat(100), { opcode: OPCODE.ping })));
  await client.write(pings).catch(() => {});
  assert.equal((await server.closed(1))[0]?.code, 1006);
});

Deno.test("the ws client, too, is answered and closed in the ordinary way", async () => {
  await using server = await echoServer();
  const client = new WebSocket(`ws://127.0.0.1:${server.port}/connection/websocket`);
  await once(client, "open");
  client.send("hello");
  const [message] = await once(client, "message");
  assert.equal(message.toString(), "hello\nhello");
  client.close(1000);
  await once(client, "close");
  assert.equal((await server.closed(1))[0]?.code, 1000);
});

function until(so: () => boolean, what: string): Promise<true> {
  return waitUntil(() => so() || undefined, { what, withinMs: 5_000 });
}

/** Sends each frame back twice. */
async function echoServer(options: Partial<SocketServerOptions> = {}) {
  const sockets: Socket[] = [];
  const faults: unknown[] = [];
  const closes: { code: number; reason: string }[] = [];
  const closed = new EventTarget();
  const scene = { open: true };
  const server = createSocketServer({
    fetch: () => new Response("the app"),
    codecs: { json, protobuf },
    allowedOrigins: new Set(["https://app.example.com"]),
    sendBufferBytes: 1 << 20,
    maxHeldBytes: 1 << 30,
    maxConnections: 1_000,
    isOpen: () => scene.open,
    onFault: (error) => faults.push(error),
    turns: systemTurns,
    onSocket(socket) {
      sockets.push(socket);
      return {
        onFrame(data) {
          if (data === "throw") throw new Error("a fault of the handler");
          if (data === "close me") {
            socket.send("last words");
            return socket.close(CLOSES.forceDisconnect);
          }
          socket.send(data);
          socket.send(data);
        },
        onClose(info) {
          closes.push(info);
          closed.dispatchEvent(new Event("closed"));
        },
      };
    },
    ...options,
  });
  const port = await server.listen({ hostname: "127.0.0.1", port: 0 });
  return Object.assign(scene, {
    port,
    sockets,
    faults,
    taken: () => server.taken,
    listenAnew: (hostname = "127.0.0.1") => server.listenAnew({ hostname, port }),
    async connect() {
      const { socket, status } = await RawWebSocket.open(port);
      assert.equal(status, 101);
      return socket;
    },
    /** Resolves with the first `count` closes, in 5 s at most. */
    async closed(count: number) {
      const signal = AbortSignal.timeout(5000);
      while (closes.length < count) await once(closed, "closed", { signal });
      return closes;
    },
    [Symbol.asyncDispose]: () => server.close(),
  });
}
