/** Real servers that speak TLS: who is trusted, and what is said of who is not. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createSql } from "origin/store/sql.ts";
import { connectNats } from "shared/bus/nats.ts";
import { testNats } from "testing/nats.ts";
import { type TemporaryDirectory, temporaryDirectory } from "testing/temporary_directory.ts";
import { type RunningPostgres, startPostgres } from "../services/postgres.ts";
import { checkNats } from "./nats.ts";
import { checkPostgres } from "./postgres.ts";
import { DEPS, NEVER, testPlants } from "./testing.ts";

/** Of the leaf, which is of localhost and its addresses. */
const CERTIFICATES = join(import.meta.dirname!, "../services/push_recorder/certificates");
const CA = join(CERTIFICATES, "ca.pem");
const STRANGER = join(import.meta.dirname!, "../testing/certificates/stranger_ca.pem");
const LEAF = { certificate: join(CERTIFICATES, "leaf.pem"), key: join(CERTIFICATES, "leaf.key") };

let directory: TemporaryDirectory, secure: RunningPostgres;
Deno.test.beforeAll(async () => {
  directory = await temporaryDirectory("tls");
  const [certificate, key] = await Promise.all([LEAF.certificate, LEAF.key].map(readText));
  const dataDir = join(directory.path, "postgres");
  secure = await startPostgres({ dataDir, durable: true, tls: { certificate, key } as Leaf });
});
Deno.test.afterAll(async () => {
  await secure?.[Symbol.asyncDispose]();
  await directory?.[Symbol.asyncDispose]();
});

type Leaf = { certificate: string; key: string };
const readText = (path: string) => Deno.readTextFile(path);

const trusting = (ca: string) => `sslmode=verify-full&sslrootcert=${encodeURIComponent(ca)}`;

function urlWith(query: string): string {
  return `${secure.url.replace("127.0.0.1", "localhost")}?${query}`;
}

async function wayTo(url: string): Promise<string | undefined> {
  const sql = createSql(url, { name: "tls", maxConnections: 1 });
  try {
    const [row] = await sql<{ version: string }[]>`
      select version from pg_stat_ssl where pid = pg_backend_pid()`;
    return row?.version;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

Deno.test("a Postgres is reached over TLS when its authority is the one that is named", async () => {
  assert.match(await wayTo(urlWith(trusting(CA))) ?? "", /^TLSv1/);
  await assert.rejects(wayTo(urlWith(trusting(STRANGER))), /certificate/);
  // The system's authorities know nothing of ours.
  await assert.rejects(wayTo(urlWith("sslmode=verify-full")), /certificate/);
});

Deno.test("nothing is sent in the clear to a Postgres that speaks no TLS", async () => {
  const plain = await startPostgres({ dataDir: join(directory.path, "plain"), durable: false });
  await using _plain = plain;
  await assert.rejects(wayTo(`${plain.url}?${trusting(CA)}`), /before secure TLS/);
});

Deno.test("a NATS server is used when its authority is the one that is named", async () => {
  await using nats = await natsWithTls();
  const connect = async (ca?: string) =>
    await connectNats({
      servers: [nats.url],
      name: "tls",
      ...(ca !== undefined && { tls: { ca } }),
      onError: () => {},
    });
  await using bus = await connect(await readText(CA));
  await bus.flush();
  assert.equal(bus.connection.info?.tls_required, true);
  await assert.rejects(connect(await readText(STRANGER)), /Cannot connect to NATS .*certificate/);
  await assert.rejects(connect(), /Cannot connect to NATS .*certificate/);
});

function natsWithTls() {
  return testNats(`tls { cert_file: "${LEAF.certificate}", key_file: "${LEAF.key}" }`);
}

function checkUrl(url: string) {
  return checkPostgres({ name: "o", database: { url, maxConnections: 6 } }, DEPS, NEVER);
}

testPlants([
  {
    name: "a Postgres whose certificate is of another authority",
    find: () => checkUrl(urlWith(trusting(STRANGER))),
    subject: "postgres",
    says: /^Cannot use Postgres at localhost:\d+: .*certificate/,
    mend: /^Name the file of its authority in DATABASE_URL, .*sslrootcert=FILE/,
  },
  {
    name: "an authority of Postgres that is not there",
    find: () => checkUrl(urlWith(trusting("/nonexistent/ca.pem"))),
    subject: "postgres",
    says: /Cannot read sslrootcert: No such file/,
    mend: /^Correct the path after sslrootcert=/,
  },
  {
    name: "a NATS server whose certificate is of another authority",
    find: async () => {
      await using nats = await natsWithTls();
      const config = { servers: [nats.url], tls: { ca: await readText(STRANGER) } };
      return await checkNats(config, { program: "edge" }, DEPS, NEVER);
    },
    subject: "nats",
    says: /^Cannot connect to NATS at tls:.*certificate/,
    mend: /^Set NATS_CA to the authority of the servers' certificates$/,
  },
]);
