import assert from "node:assert/strict";
import { join } from "node:path";
import { jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { chatStreamConfig, ensureStream } from "shared/bus/jetstream.ts";
import { inboxOf, type Permissions, permissionsOf } from "shared/bus/permissions.ts";
import { REQUEST } from "shared/bus/requests.ts";
import type { NatsConfig } from "shared/config/nats.ts";
import { type TestNats, testNats } from "testing/nats.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { closedPort } from "../services/claimed_ports.ts";
import { startNatsServer } from "../services/nats_server.ts";
import { checkNats, type NatsRole } from "./nats.ts";
import { DEPS, expectAllWell, expectOnly, NEVER, testPlants } from "./testing.ts";

const MIB = 1024 * 1024;
const EDGE: NatsRole = { program: "edge" };
const ORIGIN: NatsRole = { program: "origin", stream: { replicas: 1, maxBytes: 64 * MIB } };

const spelt = (allowed: Permissions["publish"]) =>
  allowed.map(({ subject, queue }) => queue === undefined ? subject : `${subject} ${queue}`);
const [EDGE_SAYS, EDGE_HEARS] = spellings(permissionsOf("edge"));
const [ORIGIN_SAYS, ORIGIN_HEARS] = spellings(permissionsOf("origin"));

function spellings({ publish, subscribe }: Permissions): [string[], string[]] {
  return [spelt(publish), spelt(subscribe)];
}

/** Its password is its name. */
function user(name: string, says: string[], hears: string[]): string {
  return `{ user: ${name}, password: ${name}, permissions: { publish: ${JSON.stringify(says)}, ` +
    `subscribe: ${JSON.stringify(hears)} } }`;
}

const originOf = (name: string) => user(name, ORIGIN_SAYS, ORIGIN_HEARS);
const without = (list: string[], gone: string) => list.filter((one) => one !== gone);

const CONFIG = `accounts {
  FULL { jetstream: enabled, users: [
    ${user("edge", EDGE_SAYS, EDGE_HEARS)}
    ${user("origin", ORIGIN_SAYS, ORIGIN_HEARS)}
    ${user("mute", without(EDGE_SAYS, "rpc.>").concat("rpc.digest", "rpc.enter"), EDGE_HEARS)}
    ${user("deaf", EDGE_SAYS, without(EDGE_HEARS, "_INBOX.edge.>"))}
    ${user("forger", EDGE_SAYS.concat("chat.>"), EDGE_HEARS.concat("rpc.>"))}
    ${user("warden", EDGE_SAYS.concat("$JS.API.STREAM.DELETE.CHAT"), EDGE_HEARS)}
    ${user("eavesdropper", EDGE_SAYS, without(EDGE_HEARS, "_INBOX.edge.>").concat("_INBOX.>"))}
    ${user("lazy", ORIGIN_SAYS, without(ORIGIN_HEARS, "rpc.> origin").concat("rpc.digest"))}
    { user: anybody, password: anybody }
  ] }
  SMALL { jetstream: { max_file: 2MB, max_mem: 1MB }, users: [${originOf("small")}] }
  MEMORY { jetstream: enabled, users: [
    ${originOf("memory")}
    { user: memory-owner, password: memory-owner }
  ] }
  TAKEN { jetstream: enabled, users: [
    ${originOf("taken")}
    { user: taken-owner, password: taken-owner }
  ] }
  NONE { users: [${originOf("none")}] }
}`;

let nats: TestNats;
Deno.test.beforeAll(async () => {
  nats = await testNats(CONFIG);
});
Deno.test.afterAll(async () => await nats?.[Symbol.asyncDispose]());

function check(user: string, role: NatsRole, password = user) {
  const config = {
    servers: [nats.url],
    auth: { kind: "password", user, password } as const,
    inboxPrefix: inboxOf(role.program),
  };
  return checkNats(config, role, DEPS, NEVER);
}

async function connected(user: string): Promise<NatsConnection & AsyncDisposable> {
  const connection = await connect({ servers: nats.url, user, pass: user });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

Deno.test("an edge and an origin with just the permissions that they need are well", async () => {
  expectAllWell(await check("origin", ORIGIN));
  expectAllWell(await check("edge", EDGE));
});

Deno.test("a check leaves no stream, no consumer and no message behind", async () => {
  await using connection = await connected("anybody");
  const { streams, consumers } = await jetstreamManager(connection);
  assert.equal((await streams.names().next()).length, 0);
  await check("origin", ORIGIN);
  assert.equal((await streams.names().next()).length, 0);

  await ensureStream({ connection }, ORIGIN.stream!);
  await check("origin", ORIGIN);
  // It may publish to topics: what it tries must not be kept.
  await check("forger", EDGE);
  assert.equal((await streams.info("CHAT")).state.last_seq, 0);
  assert.equal((await consumers.list("CHAT").next()).length, 0);
  await streams.delete("CHAT");
});

Deno.test("a check says nothing that an edge or an origin would act upon", async () => {
  await using connection = await connected("anybody");
  const heard: string[] = [];
  connection.subscribe(">", { callback: (_error, { subject }) => void heard.push(subject) });
  await connection.flush();
  await check("origin", ORIGIN);
  await check("forger", EDGE);
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
    name: "a seed that is none",
    find: async () => {
      await using server = natsOf({ nonce: "n" });
      const auth = { kind: "nkey", seed: "SUABC" } as const;
      return await checkNats({ servers: [server.url], auth }, EDGE, DEPS, NEVER);
    },
    subject: "nats",
    says: /^Cannot connect to NATS .*nkeys: invalid/,
    mend: /^Correct NATS_NKEY_SEED or NATS_CREDS: what it holds is no key$/,
  },
  {
    name: "a wrong password",
    find: () => check("edge", EDGE, "wrong"),
    subject: "nats",
    says: /it refused the credentials/,
    mend: /^Correct NATS_USER and NATS_PASSWORD, .* or have the servers read their users again$/,
  },
  {
    name: "a program that does not say who it is",
    find: () => checkNats({ servers: [nats.url] }, EDGE, DEPS, NEVER),
    subject: "nats",
    says: /it refused the credentials/,
    mend: /^Say who it is there, .* of each edge into edge\.d\/edge-0\.env/,
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
      await using old = natsOf({ version: "2.9.25" });
      return await checkNats({ servers: [old.url] }, EDGE, DEPS, NEVER);
    },
    subject: "nats",
    says: /it is version 2\.9\.25, and 2\.10 or newer is needed$/,
    mend: /^Upgrade nats-server to 2\.10 or newer$/,
  },
  {
    name: "messages that are too small",
    find: async () => {
      await using small = natsOf({ max_payload: MIB / 2 });
      return await checkNats({ servers: [small.url] }, EDGE, DEPS, NEVER);
    },
    subject: "nats",
    says: /its max_payload is 524288 bytes, and 1048576 are needed$/,
    mend: /^Set max_payload of the servers to 1MB/,
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
    find: () => check("mute", EDGE),
    subject: "nats permissions",
    says: /^the edge may not publish to "rpc\.send", nor publish to "rpc\.call", .*"rpc\.changes"$/,
    mend: /^Allow its user at NATS to publish "rpc\.>": deno task init writes them all$/,
  },
  {
    name: "an edge that may do more than it must",
    find: () => check("forger", EDGE),
    level: "warning",
    subject: "nats permissions",
    says: /^a stolen edge could also publish to "chat\.user-inbox\.\*", .*subscribe to "rpc\.send"/,
    mend: /^Take that from the permissions/,
  },
  {
    name: "an edge that may delete the stream",
    find: () => check("warden", EDGE),
    level: "warning",
    subject: "nats permissions",
    says: /^a stolen edge could also publish to "\$JS\.API\.STREAM\.DELETE\.CHAT"$/,
    mend: /^Take that from the permissions/,
  },
  {
    name: "an edge that may hear the answers to others",
    find: () => check("eavesdropper", EDGE),
    level: "warning",
    subject: "nats permissions",
    says: /^a stolen edge could also subscribe to "_INBOX\.origin\.\*", .*"_INBOX\.\*\.x"$/,
    mend: /^Take that from the permissions/,
  },
  {
    name: "an edge that may do everything",
    find: () => check("anybody", EDGE),
    level: "warning",
    subject: "nats permissions",
    says: /^a stolen edge could also publish to ">", and subscribe to ">"$/,
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
    find: () => check("origin", { program: "origin", stream: { replicas: 3, maxBytes: MIB } }),
    subject: "nats stream",
    says: /^Cannot make the stream: .*replicas/,
    mend: /^Set STREAM_REPLICAS to 1, or run 3 servers/,
  },
  {
    name: "a stream that is kept in memory",
    find: async () => {
      await using connection = await connected("memory-owner");
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
      await using connection = await connected("taken-owner");
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
  const findings = await check("lazy", ORIGIN);
  const [amiss] = findings.filter(({ level }) => level !== "ok");
  assert.equal(amiss?.subject, "nats permissions");
  assert.match(amiss.says, /may not subscribe to "rpc\.send" in the queue "origin", nor /);
  assert.doesNotMatch(amiss.says, /rpc\.digest/);
});

Deno.test("an edge that may not hear its answers is told so, whatever else fails by it", async () => {
  const findings = await check("deaf", EDGE);
  const permissions = findings.find(({ subject }) => subject === "nats permissions");
  assert.equal(
    permissions?.says,
    'the edge may not subscribe to "_INBOX.edge.*", nor subscribe to "_INBOX.edge.*.*"',
  );
});

Deno.test("an origin whose answers do not arrive: a failure of nats answers", async () => {
  await using silent = await connected("anybody");
  silent.subscribe(REQUEST.digest, { callback: () => {} });
  await silent.flush();
  expectOnly(await check("edge", EDGE), {
    level: "failure",
    subject: "nats answers",
    says: /no answer arrives$/,
    mend: /_INBOX\.>$/,
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

/** As much of a server as tells of itself. */
function natsOf(
  { version = "2.12.0", max_payload = MIB, nonce }: {
    version?: string;
    max_payload?: number;
    nonce?: string;
  },
): { url: string } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const info = { server_id: "s", version, host: "127.0.0.1", port, max_payload, proto: 1, nonce };
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
