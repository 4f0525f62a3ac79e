import assert from "node:assert/strict";
import { join } from "node:path";
import { jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { chatStreamConfig, ensureStream } from "shared/bus/jetstream.ts";
import { REQUEST } from "shared/bus/requests.ts";
import type { NatsConfig } from "shared/config/nats.ts";
import { type TestNats, testNats } from "testing/nats.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { startNatsServer } from "../services/nats_server.ts";
import { checkNats, type NatsRole } from "./nats.ts";
import { closedPort, DEPS, expectAllWell, expectOnly, NEVER, testPlants } from "./testing.ts";

const MIB = 1024 * 1024;
const EDGE: NatsRole = { program: "edge" };
const ORIGIN: NatsRole = { program: "origin", stream: { replicas: 1, maxBytes: 64 * MIB } };

const EDGE_SAYS = ["rpc.>", "edge.>", "$JS.API.STREAM.INFO.CHAT"].concat(
  ["CREATE", "INFO", "MSG.NEXT", "DELETE"].map((verb) => `$JS.API.CONSUMER.${verb}.CHAT.>`),
);
const EDGE_HEARS = ["chat.>", "_INBOX_edge.>"].concat(
  ["origin.digest", "origin.ask-received", "origin.presence-lost"],
);
const ORIGIN_SAYS = ["chat.>", "origin.>", "$JS.API.>"];
const ORIGIN_HEARS = ["rpc.> origin", "edge.>", "origin.>", "_INBOX_origin.>"];

/** Its password is its name. */
function user(name: string, says: string[], hears: string[]): string {
  return `{ user: ${name}, password: ${name}, permissions: { publish: ${JSON.stringify(says)}, ` +
    `subscribe: ${JSON.stringify(hears)}, allow_responses: true } }`;
}

const without = (list: string[], gone: string) => list.filter((one) => one !== gone);

const CONFIG = `accounts {
  FULL { jetstream: enabled, users: [
    ${user("edge", EDGE_SAYS, EDGE_HEARS)}
    ${user("origin", ORIGIN_SAYS, ORIGIN_HEARS)}
    ${user("mute", without(EDGE_SAYS, "rpc.>").concat("rpc.digest", "rpc.enter"), EDGE_HEARS)}
    ${user("deaf", EDGE_SAYS, without(EDGE_HEARS, "_INBOX_edge.>"))}
    ${user("forger", EDGE_SAYS.concat("chat.>"), EDGE_HEARS.concat("rpc.>"))}
    ${user("lazy", ORIGIN_SAYS, without(ORIGIN_HEARS, "rpc.> origin").concat("rpc.digest"))}
    { user: anybody, password: anybody }
  ] }
  SMALL { jetstream: { max_file: 2MB, max_mem: 1MB }, users: [{ user: small, password: small }] }
  MEMORY { jetstream: enabled, users: [{ user: memory, password: memory }] }
  TAKEN { jetstream: enabled, users: [{ user: taken, password: taken }] }
  NONE { users: [{ user: none, password: none }] }
}`;

let nats: TestNats;
Deno.test.beforeAll(async () => {
  nats = await testNats(CONFIG);
});
Deno.test.afterAll(async () => await nats[Symbol.asyncDispose]());

function check(user: string, role: NatsRole, inboxPrefix?: string, password = user) {
  const config = {
    servers: [nats.url],
    auth: { kind: "password", user, password } as const,
    ...(inboxPrefix !== undefined && { inboxPrefix }),
  };
  return checkNats(config, role, DEPS, NEVER);
}

async function connected(user: string): Promise<NatsConnection & AsyncDisposable> {
  const connection = await connect({ servers: nats.url, user, pass: user });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

Deno.test("an edge and an origin with just the permissions that they need are well", async () => {
  expectAllWell(await check("origin", ORIGIN, "_INBOX_origin"));
  expectAllWell(await check("edge", EDGE, "_INBOX_edge"));
});

Deno.test("a check leaves no stream, no consumer and no message behind", async () => {
  await using connection = await connected("anybody");
  const { streams, consumers } = await jetstreamManager(connection);
  assert.equal((await streams.names().next()).length, 0);
  await check("origin", ORIGIN, "_INBOX_origin");
  assert.equal((await streams.names().next()).length, 0);

  await ensureStream({ connection }, ORIGIN.stream!);
  await check("origin", ORIGIN, "_INBOX_origin");
  // It may publish to topics: what it tries must not be kept.
  await check("forger", EDGE, "_INBOX_edge");
  assert.equal((await streams.info("CHAT")).state.last_seq, 0);
  assert.equal((await consumers.list("CHAT").next()).length, 0);
  await streams.delete("CHAT");
});

Deno.test("a check says nothing that an edge or an origin would act upon", async () => {
  await using connection = await connected("anybody");
  const heard: string[] = [];
  connection.subscribe(">", { callback: (_error, { subject }) => void heard.push(subject) });
  await connection.flush();
  await check("origin", ORIGIN, "_INBOX_origin");
  await check("forger", EDGE, "_INBOX_edge");
  await connection.flush();
  assert.ok(heard.includes(REQUEST.enter));
  const grave = /^edge\.beat|^origin\.(digest|ask-received)$|^chat\.system-alerts$/;
  assert.deepEqual(heard.filter((subject) => grave.test(subject)), []);
  const topics = heard.filter((subject) => subject.startsWith("chat."));
  assert.ok(topics.every((subject) => subject.includes("fanfare-check")), topics.join());
});

testPlants([
  {
    name: "NATS is not there",
    find: () => checkNats({ servers: [`nats://127.0.0.1:${closedPort()}`] }, EDGE, DEPS, NEVER),
    subject: "nats",
    says: /^Cannot reach NATS at 127\.0\.0\.1:\d+: /,
    mend: /^Start nats-server there, or correct NATS_URL$/,
  },
  {
    name: "a wrong password",
    find: () => check("edge", EDGE, "_INBOX_edge", "wrong"),
    subject: "nats",
    says: /it refused the credentials/,
    mend: /^Correct NATS_USER and NATS_PASSWORD/,
  },
  {
    name: "a certificate of an authority that is not known",
    find: () => checkEncrypted({}),
    subject: "nats",
    says: /^Cannot connect to NATS at tls:.*: unable to verify the first certificate$/,
    mend: /^Set NATS_CA to the authority of the servers' certificates$/,
  },
  {
    name: "an old nats-server",
    find: async () => {
      await using old = oldNats("2.9.25");
      return await checkNats({ servers: [old.url] }, EDGE, DEPS, NEVER);
    },
    subject: "nats",
    says: /it is version 2\.9\.25, and 2\.10 or newer is needed$/,
    mend: /^Upgrade nats-server to 2\.10 or newer$/,
  },
  {
    name: "JetStream off",
    find: async () => {
      await using directory = await temporaryDirectory("nats");
      const storeDir = join(directory.path, "store");
      await using server = await startNatsServer({ storeDir, jetStream: false });
      return await checkNats({ servers: [server.url] }, ORIGIN, DEPS, NEVER);
    },
    subject: "nats stream",
    says: /^JetStream is off$/,
    mend: /^Start nats-server with -js/,
  },
  {
    name: "JetStream off for the account",
    find: () => check("none", ORIGIN),
    subject: "nats stream",
    says: /^JetStream is off for this account$/,
    mend: /^Enable JetStream for the account/,
  },
  {
    name: "an edge that may not ask",
    find: () => check("mute", EDGE, "_INBOX_edge"),
    subject: "nats permissions",
    says: /^the edge may not publish to "rpc\.send", nor publish to "rpc\.call", .*"rpc\.changes"$/,
    mend: /^Allow that in the permissions/,
  },
  {
    name: "an edge that may do more than it must",
    find: () => check("forger", EDGE, "_INBOX_edge"),
    level: "warning",
    subject: "nats permissions",
    says: /^a stolen edge could also publish to "chat\.user-inbox\.\*", .*subscribe to "rpc\.send"/,
    mend: /^Take that from the permissions/,
  },
  {
    name: "an account that is too small for the stream",
    find: () => check("small", ORIGIN),
    subject: "nats stream",
    says: /^Cannot make the stream: /,
    mend: /^Give JetStream 67108864 bytes .* or lower STREAM_MAX_BYTES$/,
  },
  {
    name: "three copies on one server",
    find: () => check("anybody", { program: "origin", stream: { replicas: 3, maxBytes: MIB } }),
    subject: "nats stream",
    says: /^Cannot make the stream: .*replicas/,
    mend: /^Set STREAM_REPLICAS to 1, or run 3 servers/,
  },
  {
    name: "a stream that is kept in memory",
    find: async () => {
      await using connection = await connected("memory");
      const { streams } = await jetstreamManager(connection);
      await streams.add({ ...chatStreamConfig(ORIGIN.stream!), storage: StorageType.Memory });
      return await check("memory", ORIGIN);
    },
    subject: "nats stream",
    says: /^its storage cannot be changed/,
    mend: /^nats stream rm CHAT/,
  },
  {
    name: "another stream with our subjects",
    find: async () => {
      await using connection = await connected("taken");
      const { streams } = await jetstreamManager(connection);
      await streams.add({ name: "OLD", subjects: ["chat.>"] });
      return await check("taken", ORIGIN);
    },
    subject: "nats stream",
    says: /^another stream, OLD, takes chat\.>$/,
    mend: /^Delete the stream OLD/,
  },
]);

Deno.test("an origin that may not take requests of each kind is told which", async () => {
  const findings = await check("lazy", ORIGIN, "_INBOX_origin");
  const [amiss] = findings.filter(({ level }) => level !== "ok");
  assert.equal(amiss?.subject, "nats permissions");
  assert.match(amiss.says, /may not subscribe to "rpc\.send" in the queue "origin", nor /);
  assert.doesNotMatch(amiss.says, /rpc\.digest/);
});

Deno.test("an edge that may not hear its answers is told so, whatever else fails by it", async () => {
  const findings = await check("deaf", EDGE, "_INBOX_edge");
  const permissions = findings.find(({ subject }) => subject === "nats permissions");
  assert.equal(permissions?.says, 'the edge may not subscribe to "_INBOX_edge.>"');
});

Deno.test("an origin whose answers do not arrive: a failure of nats answers", async () => {
  await using silent = await connected("anybody");
  silent.subscribe(REQUEST.digest, { callback: () => {} });
  await silent.flush();
  expectOnly(await check("edge", EDGE, "_INBOX_edge"), {
    level: "failure",
    subject: "nats answers",
    says: /no answer arrives$/,
    mend: /allow_responses/,
  });
});

Deno.test("a server whose authority is known is well", async () => {
  const ca = await Deno.readTextFile(join(CERTIFICATES, "ca.pem"));
  expectAllWell(await checkEncrypted({ tls: { ca } }));
});

const CERTIFICATES = join(import.meta.dirname!, "../services/push_recorder/certificates");

async function checkEncrypted(config: Pick<NatsConfig, "tls">) {
  const [certificate, key] = ["leaf.pem", "leaf.key"].map((name) => join(CERTIFICATES, name));
  await using server = await testNats(`tls { cert_file: "${certificate}", key_file: "${key}" }`);
  return await checkNats({ servers: [server.url], ...config }, EDGE, DEPS, NEVER);
}

/** As much of a server as tells its version. */
function oldNats(version: string): { url: string } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const info = { server_id: "old", version, host: "127.0.0.1", port, max_payload: MIB, proto: 1 };
  const serving = (async () => {
    for await (const connection of listener) {
      const say = (text: string) => connection.write(new TextEncoder().encode(text));
      await say(`INFO ${JSON.stringify(info)}\r\n`);
      for await (const bytes of connection.readable.values({ preventCancel: true })) {
        if (new TextDecoder().decode(bytes).includes("PING\r\n")) await say("PONG\r\n");
      }
    }
  })();
  return {
    url: `nats://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}
