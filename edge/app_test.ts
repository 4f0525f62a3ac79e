import assert from "node:assert/strict";
import { Centrifuge } from "centrifuge";
import { SignJWT } from "jose";
import { RawWebSocket } from "testing/raw_websocket.ts";
import { testNats } from "testing/nats.ts";
import { testRedis } from "testing/redis.ts";
import { encodeLive } from "shared/bus/live.ts";
import { connectNats } from "shared/bus/nats.ts";
import { encodePage } from "shared/bus/page.ts";
import {
  ANNOUNCE,
  type Beat,
  BUS_VERSION,
  type Call,
  type CaughtUp,
  decodeMessage,
  type Digest,
  encodeMessage,
  type Entered,
  REQUEST,
} from "shared/bus/requests.ts";
import { gsidAt } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { SILENT_LOG } from "shared/log.ts";
import { inboxTopic, subjectOf } from "shared/topic.ts";
import { jsonCodec } from "shared/wire/json.ts";
import { startEdge } from "./app.ts";
import { readEdgeConfig } from "./config.ts";
import { systemTurns } from "./turns.ts";

const SECRET = "a secret of more than thirty-two bytes";
const HEAD = gsidAt(Date.parse("2026-03-01T12:00:00Z"));
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("an official client connects, is present, gets what is published, and calls", async () => {
  await using scene = await edgeScene();
  const client = await scene.connect("ana", "phone");
  const present = scene.redis.execute("HGET", `on:${scene.edge.replica}`, "u:ana");
  assert.match(String(present), /^\[\["phone",/);

  const published = new Promise<{ data: unknown; offset?: number }>((resolve) => {
    client.once("publication", resolve);
  });
  const data = `{"type":"message","gsid":${HEAD + 16},"body":{"text":"hi"}}`;
  scene.bus.publish(
    subjectOf(inboxTopic("ana" as UserId)),
    encodeLive({ kind: "event", gsid: HEAD + 16, membership: 0, data }),
  );
  assert.deepEqual((await published).data, JSON.parse(data));

  const answer = await client.rpc("history", { conversation: "dm:ana:bob" });
  assert.deepEqual(answer.data, { user: "ana", device: "phone", method: "history" });
});

Deno.test("the internal port tells of health and counts", async () => {
  await using scene = await edgeScene();
  await scene.connect("ana");
  const ready = await (await fetch(`${scene.internal}/ready`)).json();
  assert.deepEqual(ready.checks.map((check: { name: string }) => check.name), ["nats", "origin"]);
  assert.equal(ready.ready, true);
  const metrics = await (await fetch(`${scene.internal}/metrics`)).text();
  assert.match(metrics, /^fanfare_edge_connections 1$/m);
  assert.match(metrics, /^fanfare_edge_connects_total\{result="live"\} 1$/m);
  assert.match(metrics, /^fanfare_edge_users 1$/m);
  const outside = await fetch(`http://127.0.0.1:${scene.edge.port}/metrics`);
  assert.equal(outside.status, 404);
  await outside.body?.cancel();
});

Deno.test("an edge beats, and says who it is", async () => {
  await using scene = await edgeScene();
  const beat = await new Promise<Beat>((resolve) => {
    scene.bus.subscribe(`${ANNOUNCE.beat}.*`, ({ data }) => resolve(decodeMessage<Beat>(data)));
  });
  assert.equal(beat.replica, scene.edge.replica);
});

Deno.test("an edge that hears no origin takes nobody, and says it is not ready", async () => {
  await using scene = await edgeScene({ origin: false });
  const { socket, status } = await RawWebSocket.open(scene.edge.port);
  socket[Symbol.dispose]();
  assert.equal(status, 503);
  const ready = await fetch(`${scene.internal}/ready`);
  assert.equal(ready.status, 503);
  await ready.body?.cancel();
});

Deno.test("drain: the answer first, then 3001; presence gone; nobody new; then the end", async () => {
  await using scene = await edgeScene({ env: { DRAIN_MS: "0" } });
  const { socket } = await RawWebSocket.open(scene.edge.port);
  using client = socket;
  await client.send(`{"id":1,"connect":{"token":"${await scene.token("ana")}"}}`);
  assert.match((await client.read())!.text, /"connect"/);

  const answering = scene.holdCalls();
  await client.send(`{"id":2,"rpc":{"method":"history","data":{}}}`);
  await answering.arrived;
  const drained = await fetch(`${scene.internal}/drain`, { method: "POST" });
  assert.equal(drained.status, 202);
  await drained.body?.cancel();
  const { socket: late, status } = await RawWebSocket.open(scene.edge.port);
  late[Symbol.dispose]();
  assert.equal(status, 503);

  answering.release();
  assert.match((await client.read())!.text, /"rpc"/);
  assert.equal(await client.closeCode(), 3001);
  await scene.edge.ended;
  assert.equal(scene.redis.execute("EXISTS", `on:${scene.edge.replica}`), 0);
  assert.equal(scene.redis.execute("ZSCORE", "replicas", scene.edge.replica), null);
  await assert.rejects(fetch(`${scene.internal}/live`));
});

Deno.test("bad tokens are answered with the code that tells the client what to do", async () => {
  await using scene = await edgeScene();
  const expired = await scene.token("ana", Date.now() / 1000 - 3600);
  for (const [token, code] of [["nonsense", 101], [expired, 109]] as const) {
    const { socket } = await RawWebSocket.open(scene.edge.port);
    using client = socket;
    await client.send(`{"id":1,"connect":{"token":"${token}"}}`);
    assert.equal(JSON.parse((await client.read())!.text).error.code, code);
  }
});

/** An edge on a real bus and a real store, and as much of an origin as it needs to be ready. */
async function edgeScene(options: { origin?: boolean; env?: Record<string, string> } = {}) {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await testNats());
  const redis = parts.use(testRedis());
  const bus = parts.use(
    await connectNats({ servers: [nats.url], name: "test", onError: () => {} }),
  );
  let held: Promise<void> | undefined, onCall = () => {};
  if (options.origin ?? true) {
    bus.subscribe(REQUEST.digest, (message) => {
      const digest = { epoch: "e1", after: HEAD, upto: HEAD, topics: [] };
      message.respond(encodeMessage<Digest>(digest));
    });
    bus.subscribe(REQUEST.enter, (message) => {
      message.respond(encodeMessage<Entered>({ at: Date.now(), groups: [] }));
    });
    bus.subscribe(REQUEST.catchUp, (message) => {
      const header: CaughtUp = {
        v: BUS_VERSION,
        epoch: "e1",
        head: HEAD,
        recovered: false,
        groups: [],
        more: false,
      };
      message.respond(encodePage<CaughtUp>({ header, events: [] }));
    });
    bus.subscribe(REQUEST.call, async (message) => {
      const { user, device, method } = decodeMessage<Call>(message.data);
      onCall();
      await held;
      message.respond(bytes(JSON.stringify({
        v: BUS_VERSION,
        result: { user, device, method },
      })));
    });
    await bus.flush();
  }
  const drain = new AbortController();
  const config = readEdgeConfig({
    HOST: "127.0.0.1",
    PORT: "0",
    INTERNAL_PORT: "0",
    NATS_URL: nats.url,
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    TOKEN_SECRET: SECRET,
    ...options.env,
  });
  const edge = await startEdge(config, {
    codecs: { json: jsonCodec },
    log: SILENT_LOG,
    turns: systemTurns,
    now: Date.now,
    random: Math.random,
    drain,
  });
  parts.defer(() => {
    drain.abort();
    return edge.ended;
  });
  const internal = `http://127.0.0.1:${edge.internalPort}`;
  if (options.origin ?? true) await untilReady(internal);

  const token = (user: string, exp = Date.now() / 1000 + 60) =>
    new SignJWT({ exp: Math.floor(exp) }).setSubject(user).setProtectedHeader({ alg: "HS256" })
      .sign(bytes(SECRET));
  const owned = parts.move();
  return {
    redis,
    bus,
    edge,
    internal,
    token,
    holdCalls() {
      const release = Promise.withResolvers<void>(), arrived = Promise.withResolvers<void>();
      held = release.promise;
      onCall = arrived.resolve;
      return { release: release.resolve, arrived: arrived.promise };
    },
    async connect(user: string, device?: string) {
      const client = new Centrifuge(`ws://127.0.0.1:${edge.port}/connection/websocket`, {
        token: await token(user),
        data: device === undefined ? {} : { device },
      });
      owned.defer(() => client.disconnect());
      client.connect();
      await client.ready(5000);
      return client;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function untilReady(internal: string): Promise<void> {
  const untilMs = Date.now() + 5000;
  for (;;) {
    const response = await fetch(`${internal}/ready`);
    await response.body?.cancel();
    if (response.ok) return;
    assert(Date.now() < untilMs, "the edge is not ready");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
