/** What is not allowed at NATS, tried with the keys of the programs that run. */
import assert from "node:assert/strict";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import {
  connect,
  type NatsConnection,
  nkeyAuthenticator,
  nkeys,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { ANNOUNCE, encodeMessage, ORIGIN_QUEUE, REQUEST } from "shared/bus/requests.ts";
import { CHAT_STREAM } from "shared/topic.ts";
import { TestSystem } from "testing/system.ts";
import { connectAsOperator } from "../dev/nats_operator.ts";
import { natsRefusals } from "../dev/nats_refusals.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem } from "../dev/system.ts";

const BENS_INBOX = "chat.user-inbox.ben";
const STREAM = CHAT_STREAM.name;
const encoder = new TextEncoder();

let system: System;
Deno.test.beforeAll(async () => {
  system = await startSystem();
});
Deno.test.afterAll(async () => await system?.[Symbol.asyncDispose]());

/** Somebody who has stolen the key of a program. */
async function thief(id: string): Promise<NatsConnection & AsyncDisposable> {
  const { url, users } = system.state.nats;
  const { nkey_seed: seed, inbox_prefix: inboxPrefix } = users[id]!;
  const connection = await connect({
    servers: url,
    authenticator: nkeyAuthenticator(encoder.encode(seed)),
    inboxPrefix,
  });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

/** What the server refuses of what is done, as `publish SUBJECT` or `subscription SUBJECT`. */
async function refusedTo(connection: NatsConnection, act: () => void): Promise<string[]> {
  const refused: string[] = [];
  const statuses = connection.status();
  const following = (async () => {
    for await (const status of statuses) {
      if (status.type !== "error" || !(status.error instanceof PermissionViolationError)) continue;
      refused.push(`${status.error.operation} ${status.error.subject}`);
    }
  })();
  act();
  // A refusal is said before the next flush is answered, and read before the one after it.
  await connection.flush();
  await connection.flush();
  (statuses as unknown as { stop(): void }).stop();
  await following;
  return refused;
}

Deno.test("a stolen edge speaks on no topic, and in no origin's name", async () => {
  await using edge = await thief("edge-0");
  await using watch = await new TestSystem(system).watch("chat.>");
  const subjects = [
    BENS_INBOX,
    "chat.group-chat.g1",
    "chat.system-alerts",
    ...[ANNOUNCE.digest, ANNOUNCE.askReceived, ANNOUNCE.presenceLost, ANNOUNCE.drain],
    `${ANNOUNCE.originBeat}.o`,
    "_INBOX.edge-1.x",
    "_INBOX.operator.x",
  ];
  const refused = await refusedTo(edge, () => {
    for (const subject of subjects) edge.publish(subject, encoder.encode("forged"));
  });
  assert.deepEqual(refused, subjects.map((subject) => `publish ${subject}`));
  await watch.settle();
  assert.deepEqual(watch.messages.map(({ subject }) => subject), []);
});

Deno.test("a stolen edge hears no question to an origin, and no answer to another edge", async () => {
  await using edge = await thief("edge-0");
  const subjects = ["rpc.>", REQUEST.send, "_INBOX.edge-1.>", "_INBOX.>", "edge.>", ">", "$SYS.>"];
  const refused = await refusedTo(edge, () => {
    for (const subject of subjects) edge.subscribe(subject, { callback: () => {} });
  });
  assert.deepEqual(refused, subjects.map((subject) => `subscription ${subject}`));
  // As a worker that takes requests away from origins, either.
  const queued = await refusedTo(edge, () => {
    edge.subscribe(REQUEST.send, { queue: "origin", callback: () => {} });
  });
  assert.deepEqual(queued, [`subscription ${REQUEST.send}`]);
});

Deno.test("a stolen edge reads the stream of topics, changes nothing of it, and reads no other", async () => {
  await using edge = await thief("edge-0");
  await using operator = await disposable(connectAsOperator(system.state));
  const owner = await jetstreamManager(operator);
  await owner.streams.add({ name: "OTHER", subjects: ["other"] });
  const stolen = await jetstreamManager(edge, { checkAPI: false });
  const tries: Record<string, (manager: JetStreamManager) => Promise<unknown>> = {
    delete: ({ streams }) => streams.delete(STREAM),
    purge: ({ streams }) => streams.purge(STREAM),
    update: ({ streams }) => streams.update(STREAM, { max_bytes: 1 }),
    "delete a message": ({ streams }) => streams.deleteMessage(STREAM, 1),
    add: ({ streams }) => streams.add({ name: "MINE", subjects: ["rpc.>"] }),
    "list the consumers": ({ consumers }) => consumers.list(STREAM).next(),
    "read another stream": ({ consumers }) => consumers.add("OTHER", { name: "mine" }),
    "look at another stream": ({ streams }) => streams.info("OTHER"),
  };
  for (const [what, attempt] of Object.entries(tries)) {
    await assert.rejects(attempt(stolen), /[Pp]ermissions [Vv]iolation/, what);
  }
  assert.equal((await stolen.streams.info(STREAM)).config.name, STREAM);
  assert.deepEqual(await owner.streams.delete("OTHER"), true);
});

Deno.test("a stolen origin cannot delete the stream, ask in an edge's name, or hear others' answers", async () => {
  await using origin = await thief("origin-0");
  const { streams } = await jetstreamManager(origin);
  await assert.rejects(streams.delete(STREAM), /[Pp]ermissions [Vv]iolation/);
  await assert.rejects(streams.purge(STREAM), /[Pp]ermissions [Vv]iolation/);
  const refused = await refusedTo(origin, () => {
    origin.publish(REQUEST.send, encodeMessage({ sends: [] }));
    origin.publish(ANNOUNCE.ended, encodeMessage({ replica: "r", users: [] }));
    origin.subscribe("_INBOX.edge-0.>", { callback: () => {} });
    origin.subscribe("rpc.>", { callback: () => {} });
  });
  assert.deepEqual(refused, [
    `publish ${REQUEST.send}`,
    `publish ${ANNOUNCE.ended}`,
    "subscription _INBOX.edge-0.>",
    "subscription rpc.>",
  ]);
});

Deno.test("an operator speaks for nobody", async () => {
  await using operator = await disposable(connectAsOperator(system.state));
  const subjects = [
    BENS_INBOX,
    REQUEST.send,
    ANNOUNCE.digest,
    ANNOUNCE.received,
    "_INBOX.edge-0.x",
  ];
  const refused = await refusedTo(operator, () => {
    for (const subject of subjects) operator.publish(subject);
  });
  assert.deepEqual(refused, subjects.map((subject) => `publish ${subject}`));
});

Deno.test("an operator hears what origins are asked, and takes none of it from them", async () => {
  await using operator = await disposable(connectAsOperator(system.state));
  const work = ["rpc.>", REQUEST.send, ANNOUNCE.ended];
  const refused = await refusedTo(operator, () => {
    for (const subject of work) operator.subscribe(subject, { queue: ORIGIN_QUEUE });
  });
  assert.deepEqual(refused, work.map((subject) => `subscription ${subject}`));
  const heard = operator.subscribe(REQUEST.digest, { max: 1 });
  await operator.flush();
  await using edge = await thief("edge-0");
  assert.ok((await edge.request(REQUEST.digest, encodeMessage({}))).data.length > 0);
  for await (const { reply } of heard) assert.ok(reply);
});

Deno.test("an origin that is asked to answer elsewhere than at an inbox answers nobody", async () => {
  await using edge = await thief("edge-0");
  await using watch = await new TestSystem(system).watch("chat.>");
  const question = encodeMessage({});
  edge.publish(REQUEST.digest, question, { reply: BENS_INBOX });
  edge.publish(REQUEST.digest, question, { reply: ANNOUNCE.digest });
  assert.ok((await edge.request(REQUEST.digest, question)).data.length > 0);
  await watch.settle();
  assert.deepEqual(watch.messages.map(({ subject }) => subject), []);
});

Deno.test("whoever has no key, or one that is not known, is let in to nothing", async () => {
  const { url: servers } = system.state.nats;
  const unknown = nkeyAuthenticator(nkeys.createUser().getSeed());
  for (const options of [{}, { authenticator: unknown }, { user: "edge", pass: "edge" }]) {
    await assert.rejects(
      connect({ servers, reconnect: false, ...options }),
      /Authorization Violation/,
    );
  }
});

Deno.test("a server's own log tells what was refused, and of whom", async () => {
  const refusals = await natsRefusals(system);
  assert.ok(refusals.some((line) => line.includes(BENS_INBOX)), refusals.join("\n"));
});

async function disposable(
  connecting: Promise<NatsConnection>,
): Promise<NatsConnection & AsyncDisposable> {
  const connection = await connecting;
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}
