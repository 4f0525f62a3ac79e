/**
 * An edge for tests: the whole of it, on a real bus and a real store, and as much of an origin as
 * it needs to be ready.
 *
 * @module
 */

import { waitUntil } from "../scripts/services/wait_until.ts";
import { OPCODE, RawWebSocket } from "testing/raw_websocket.ts";
import { testNatsOfRoles, type TestNatsUsers } from "testing/nats.ts";
import { type TestRedis, testRedis } from "testing/redis.ts";
import { type Format, SDKS } from "testing/sdk.ts";
import { signToken } from "testing/token.ts";
import type { BusMessage } from "shared/bus/bus.ts";
import { encodeLive } from "shared/bus/live.ts";
import { connectNats, type NatsBus } from "shared/bus/nats.ts";
import { encodePage } from "shared/bus/page.ts";
import {
  BUS_VERSION,
  type Call,
  type CaughtUp,
  decodeMessage,
  type Digest,
  encodeMessage,
  type Entered,
  ORIGIN_QUEUE,
  REQUEST,
} from "shared/bus/requests.ts";
import { type Gsid, gsidAt } from "shared/gsid.ts";
import type { GroupId } from "shared/ids.ts";
import { SILENT_LOG } from "shared/log.ts";
import { subjectOf, type TopicKey } from "shared/topic.ts";
import { jsonCodec } from "shared/wire/json.ts";
import { protobufCodec } from "shared/wire/protobuf.ts";
import { COMMAND, CONNECT_REQUEST } from "shared/wire/protobuf/fields.ts";
import { encodeDelimited } from "shared/wire/protobuf/writer.ts";
import { startEdge } from "./app.ts";
import { readEdgeConfig } from "./config.ts";
import { systemTurns } from "shared/turns.ts";

const SECRET = "a secret of more than thirty-two bytes";
/** Where the log of the origin that answers here stands. */
export const HEAD = gsidAt(Date.parse("2026-03-01T12:00:00Z"));

export interface SceneOptions {
  /** False: nobody answers this edge. */
  origin?: boolean;
  /** Groups that everybody is in. */
  groups?: GroupId[];
  env?: Record<string, string>;
}

/** Ends with its test: `await using scene = await edgeScene()`. */
export async function edgeScene(options: SceneOptions = {}) {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await testNatsOfRoles());
  const redis = parts.use(testRedis());
  const bus = parts.use(
    await connectNats({ ...nats.optionsOf("origin"), name: "test", onError: () => {} }),
  );
  const answers = options.origin ?? true;
  const calls = answers ? await answerAsOrigin(bus, options.groups ?? []) : undefined;
  const drain = new AbortController();
  let elapsedMs = 0, steppedMs = 0, stoodAtMs: number | undefined;
  const edge = await startEdge(configOf(nats, redis, options.env), {
    codecs: { json: jsonCodec, protobuf: protobufCodec },
    log: SILENT_LOG,
    turns: { ...systemTurns, nowMs: () => stoodAtMs ?? systemTurns.nowMs() + elapsedMs },
    now: () => Date.now() + elapsedMs + steppedMs,
    random: Math.random,
    drain,
  });
  parts.defer(() => {
    drain.abort();
    return edge.ended;
  });
  const internal = `http://127.0.0.1:${edge.internalPort}`;
  if (answers) await untilReady(internal);
  const owned = parts.move();
  return {
    redis,
    bus,
    edge,
    internal,
    signToken: (user: string, ttlS = 3600) => signToken(user, SECRET, ttlS),
    /** The edge's clocks go on so much further than ours. */
    elapse: (ms: number) => void (elapsedMs += ms),
    /** Its wall clock is set to another time; no time has passed. */
    setClock: (byMs: number) => void (steppedMs += byMs),
    /** What was used up of a rate stays so from now on, however long the test takes. */
    stopRates: () => void (stoodAtMs = systemTurns.nowMs() + elapsedMs),
    /** Calls wait from now on until they are released. */
    holdCalls: () => calls!.hold(),
    /** What connects read, too. */
    holdReads: () => calls!.holdReads(),
    /** The value of a line of the metrics, named with its labels. */
    async metric(name: string): Promise<number> {
      const text = await (await fetch(`${internal}/metrics`)).text();
      const line = text.split("\n").find((line) => line.startsWith(`fanfare_edge_${name} `));
      return Number(line?.split(" ").at(-1));
    },
    /** The official client, connected. */
    async connect(user: string, device?: string, format: Format = "json") {
      const { Client, encode } = SDKS[format];
      const client = new Client(`ws://127.0.0.1:${edge.port}/connection/websocket`, {
        token: await signToken(user, SECRET, 3600),
        data: encode(device === undefined ? {} : { device }),
      });
      owned.defer(() => client.disconnect());
      client.connect();
      await client.ready(5000);
      return client;
    },
    /** A socket that does only what it is told, connected as `user` when one is given. */
    async open(
      user?: string,
      format: Format = "json",
      port: number = edge.port,
    ): Promise<RawWebSocket> {
      const { socket } = await RawWebSocket.open(port, {
        path: `/connection/websocket?format=${format}`,
      });
      if (user === undefined) return socket;
      const token = await signToken(user, SECRET, 3600);
      if (format === "json") await socket.send(JSON.stringify({ id: 1, connect: { token } }));
      else {
        const connect = encodeDelimited([
          [COMMAND.id, 1],
          [COMMAND.connect, [[CONNECT_REQUEST.token, token]]],
        ]);
        await socket.send(connect, { opcode: OPCODE.binary });
      }
      await socket.read();
      return socket;
    },
    /** Puts an event on the bus, as an origin does. */
    publish(topic: TopicKey, gsid: Gsid, data: string): void {
      bus.publish(subjectOf(topic), encodeLive({ kind: "event", gsid, membership: 0, data }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function configOf(nats: TestNatsUsers, redis: TestRedis, env: Record<string, string> = {}) {
  return readEdgeConfig({
    HOST: "127.0.0.1",
    PORT: "0",
    INTERNAL_PORT: "0",
    ...nats.settingsOf("edge"),
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    TOKEN_SECRET: SECRET,
    ...env,
  });
}

async function answerAsOrigin(bus: NatsBus, members: GroupId[]) {
  let held: Promise<void> | undefined, readsHeld: Promise<void> | undefined, onCall = () => {};
  const groups = members.map((group) => ({ group, membership: 0 }));
  const take = (subject: string, answer: (question: BusMessage) => void) =>
    bus.subscribe(subject, answer, { queue: ORIGIN_QUEUE });
  take(REQUEST.digest, (message) => {
    const digest = { epoch: "e1", after: HEAD, upto: HEAD, topics: [] };
    message.respond(encodeMessage<Digest>(digest));
  });
  take(REQUEST.enter, async (message) => {
    await readsHeld;
    message.respond(encodeMessage<Entered>({ at: Date.now(), groups }));
  });
  take(REQUEST.catchUp, async (message) => {
    await readsHeld;
    const position = { v: BUS_VERSION, epoch: "e1", head: HEAD } as const;
    const header: CaughtUp = { ...position, recovered: false, groups, more: false };
    message.respond(encodePage<CaughtUp>({ header, events: [] }));
  });
  take(REQUEST.call, async (message) => {
    const { user, device, method } = decodeMessage<Call>(message.data);
    onCall();
    await held;
    const answer = { v: BUS_VERSION, result: { user, device, method } };
    message.respond(new TextEncoder().encode(JSON.stringify(answer)));
  });
  await bus.flush();
  return {
    holdReads() {
      const release = Promise.withResolvers<void>();
      readsHeld = release.promise;
      return release.resolve;
    },
    hold() {
      const release = Promise.withResolvers<void>(), arrived = Promise.withResolvers<void>();
      held = release.promise;
      onCall = arrived.resolve;
      return { release: release.resolve, arrived: arrived.promise };
    },
  };
}

async function untilReady(internal: string): Promise<void> {
  await waitUntil(async () => {
    const response = await fetch(`${internal}/ready`);
    await response.body?.cancel();
    return response.ok || undefined;
  }, { what: "the edge to be ready", withinMs: 5000 });
}
