import { join } from "node:path";
import postgres from "postgres";
import { migrate } from "origin/store/migrate.ts";
import { createSql } from "origin/store/sql.ts";
import { testDatabase } from "testing/database.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { type RunningPostgres, startPostgres } from "../services/postgres.ts";
import { checkPostgres } from "./postgres.ts";
import { judgePostgres, type PostgresFacts } from "./postgres_judge.ts";
import { closedPort, DEPS, expectAllWell, expectOnly, NEVER, testPlants } from "./testing.ts";

let server: RunningPostgres;
const parts = new AsyncDisposableStack();

// On disk, as in production: the usual server of tests would be found out itself.
Deno.test.beforeAll(async () => {
  const directory = parts.use(await temporaryDirectory("check"));
  server = parts.use(
    await startPostgres({ dataDir: join(directory.path, "postgres"), durable: true }),
  );
  await command("create database good");
  const sql = createSql(server.urlOf("good"), { name: "prepare", maxConnections: 1 });
  await migrate(sql);
  await sql.end();
});
Deno.test.afterAll(() => parts.disposeAsync());

async function command(statement: string, database = "postgres"): Promise<void> {
  const sql = postgres(server.urlOf(database), { max: 1, onnotice: () => {} });
  await sql.unsafe(statement).finally(() => sql.end());
}

/** Checks a database of its own, after a statement there; `%` stands for its name. */
async function planted(statement: string, change: (url: URL) => void = () => {}) {
  const name = `planted_${crypto.randomUUID().slice(0, 8)}`;
  await command(`create database ${name} template good`);
  await command(statement.replaceAll("%", name), name);
  const url = new URL(server.urlOf(name));
  change(url);
  return await checkUrl(url.href);
}

function checkUrl(url: string, maxConnections = 20, deps = DEPS) {
  return checkPostgres({ name: "origin", database: { url, maxConnections } }, deps, NEVER);
}

Deno.test("a migrated database on disk is well, and so is an empty one", async () => {
  expectAllWell(await checkUrl(server.urlOf("good")));
  await command("create database empty");
  expectAllWell(await checkUrl(server.urlOf("empty")));
});

testPlants([
  {
    name: "Postgres is not there",
    find: () => checkUrl(`postgres://fanfare:secret@127.0.0.1:${closedPort()}/x`),
    subject: "postgres",
    says: /^Cannot use Postgres at 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
    mend: /^Start Postgres there, or correct host and port in DATABASE_URL$/,
  },
  {
    name: "the database is not there",
    find: () => checkUrl(server.urlOf("nothing")),
    subject: "postgres",
    says: /database "nothing" does not exist/,
    mend: /^Create the database/,
  },
  {
    name: "the role is not there",
    find: () => checkUrl(server.urlOf("good").replace("postgres@", "stranger@")),
    subject: "postgres",
    says: /role "stranger" does not exist/,
    mend: /^Correct the user in DATABASE_URL/,
  },
  {
    name: "a replica, or a database that is read only",
    find: () => planted("alter database % set default_transaction_read_only = on"),
    subject: "postgres",
    says: /^it takes no writes/,
    mend: /^Name the primary in DATABASE_URL/,
  },
  {
    name: "commits that are not waited for",
    find: () => planted("alter database % set synchronous_commit = off"),
    subject: "postgres durability",
    says: /synchronous_commit is off/,
    mend: /^Set synchronous_commit = on/,
  },
  {
    name: "more connections than there are",
    find: () => checkUrl(server.urlOf("good"), 500),
    subject: "postgres connections",
    says: /^this origin wants 500, and 197 are all there are$/,
    mend: /^Lower DATABASE_MAX_CONNECTIONS/,
  },
  {
    name: "a role that may not create tables",
    find: () =>
      planted(
        "create role narrow login; grant select, insert, update, delete on all tables in schema " +
          "public to narrow",
        (url) => url.username = "narrow",
      ),
    subject: "postgres role",
    says: /^"narrow" may not create tables in the schema public/,
    mend: /^As its owner: grant create on schema public to "narrow"$/,
  },
  {
    name: "a role that may not write",
    find: () =>
      planted(
        "create role reader login; grant create on schema public to reader; " +
          "grant all on all tables in schema public to reader; revoke insert on events from reader",
        (url) => url.username = "reader",
      ),
    subject: "postgres role",
    says: /^"reader" may not read and write events$/,
    mend: /^As their owner: grant all on all tables in schema public to "reader"$/,
  },
  {
    name: "a migration that was edited after it ran",
    find: () => planted("update migrations set checksum = 'x' where name = '0001_core.sql'"),
    subject: "postgres migrations",
    says: /^0001_core\.sql ran here, and this release has another text/,
    mend: /^Restore the file that ran/,
  },
  {
    name: "a migration of a newer release",
    find: () => planted("insert into migrations (name, checksum) values ('0999_new.sql', 'x')"),
    level: "warning",
    subject: "postgres migrations",
    says: /^0999_new\.sql ran here, which this release does not know$/,
    mend: /^A newer release was here/,
  },
]);

Deno.test("fsync off: a failure of postgres durability", async () => {
  await using database = await testDatabase();
  expectOnly(await checkUrl(database.url), {
    level: "failure",
    subject: "postgres durability",
    says: /^fsync is off: acknowledged messages are lost/,
    mend: /^Set fsync = on in postgresql\.conf, and reload$/,
  });
});

Deno.test("a clock that is a minute ahead: a failure of the clock of postgres", async () => {
  const deps = { ...DEPS, nowMs: () => Date.now() + 60_000 };
  expectOnly(await checkUrl(server.urlOf("good"), 20, deps), {
    level: "failure",
    subject: "clock of postgres",
    says: /^[56]\d s behind this machine's/,
    mend: /timedatectl set-ntp true$/,
  });
});

const FACTS: PostgresFacts = {
  version: "16.4",
  versionNumber: 160_004,
  encoding: "UTF8",
  encrypted: true,
  readOnly: false,
  fsync: true,
  fullPages: true,
  synchronousCommit: "on",
  maxConnections: 97,
  usedByOthers: 10,
  roleLimit: -1,
  databaseLimit: -1,
  role: "fanfare",
  database: "fanfare",
  schema: "public",
  mayCreate: true,
};

function judged(facts: Partial<PostgresFacts>) {
  const state = { pending: [], edited: [], unknown: [] };
  const answers = { facts: { ...FACTS, ...facts }, state, closed: [] };
  return judgePostgres(answers, {
    url: "postgres://fanfare@db.example/fanfare",
    maxConnections: 20,
  });
}

testPlants([
  {
    name: "an old Postgres",
    find: () => judged({ version: "14.12", versionNumber: 140_012 }),
    subject: "postgres",
    says: /^it is version 14\.12$/,
    mend: /^Upgrade Postgres to 15 or newer$/,
  },
  {
    name: "a network without TLS",
    find: () => judged({ encrypted: false }),
    level: "warning",
    subject: "postgres encryption",
    says: /in the clear$/,
    mend: /sslmode=require/,
  },
  {
    name: "others that hold the connections",
    find: () => judged({ usedByOthers: 90 }),
    level: "warning",
    subject: "postgres connections",
    says: /^this origin wants 20, and others leave it 7$/,
    mend: /^Raise max_connections/,
  },
  {
    name: "a role with a limit",
    find: () => judged({ roleLimit: 10 }),
    subject: "postgres connections",
    says: /^this origin wants 20, and 10 are all there are$/,
    mend: /role's limit/,
  },
  {
    name: "a database that is not UTF8",
    find: () => judged({ encoding: "SQL_ASCII" }),
    subject: "postgres",
    says: /SQL_ASCII$/,
    mend: /encoding UTF8$/,
  },
]);
