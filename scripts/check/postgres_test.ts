import { join } from "node:path";
import assert from "node:assert/strict";
import postgres from "postgres";
import type { WalArchive } from "origin/store/archive.ts";
import { testDatabase } from "testing/database.ts";
import { prepareSchema } from "testing/schema.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { closedPort } from "../services/claimed_ports.ts";
import { asRole, ORIGIN_ROLE } from "../services/database_roles.ts";
import { type RunningPostgres, startPostgres } from "../services/postgres.ts";
import { checkPostgres } from "./postgres.ts";
import { judgePostgres, type PostgresFacts, type RoleFacts } from "./postgres_judge.ts";
import { DEPS, expectAllWell, expectOnly, NEVER, testPlants } from "./testing.ts";

let server: RunningPostgres;
const parts = new AsyncDisposableStack();

// On disk, as in production: the usual server of tests would be found out itself.
Deno.test.beforeAll(async () => {
  const directory = parts.use(await temporaryDirectory("check"));
  server = parts.use(
    await startPostgres({ dataDir: join(directory.path, "postgres"), durable: true }),
  );
  await command("create database good");
  await command("revoke temporary on database good from public");
  await prepareSchema(server.urlOf("good"));
});
Deno.test.afterAll(() => parts.disposeAsync());

async function command(statement: string, url = server.url): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql.unsafe(statement).finally(() => sql.end());
}

/** Checks a database of its own, after a statement there; `%` stands for its name. */
async function planted(statement: string, role = ORIGIN_ROLE) {
  const name = `planted_${crypto.randomUUID().slice(0, 8)}`;
  await command(`create database ${name} template good`);
  // Rights on a database are no part of its template.
  await command(`revoke temporary on database ${name} from public`);
  await command(statement.replaceAll("%", name), server.urlOf(name));
  return await checkUrl(asRole(server.urlOf(name), role));
}

const urlOf = (name: string) => asRole(server.urlOf(name), ORIGIN_ROLE);

function checkUrl(url: string, maxConnections = 20, deps = DEPS, beforeMigrate = false) {
  const database = { url, maxConnections };
  return checkPostgres({ name: "origin", database, beforeMigrate }, deps, NEVER);
}

Deno.test("a migrated database on disk is well, for the role of the origins", async () => {
  expectAllWell(await checkUrl(urlOf("good")));
});

Deno.test("before a migration nothing of what it brings is missed", async () => {
  await command("create database unmigrated");
  await command("revoke temporary on database unmigrated from public");
  expectAllWell(await checkUrl(urlOf("unmigrated"), 20, DEPS, true));
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
    find: () => checkUrl(urlOf("nothing")),
    subject: "postgres",
    says: /database "nothing" does not exist/,
    mend: /^Create the database/,
  },
  {
    name: "the role is not there",
    find: () => checkUrl(asRole(server.urlOf("good"), "stranger")),
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
    find: () => checkUrl(urlOf("good"), 500),
    subject: "postgres connections",
    says: /^this origin wants 500, and 197 are all there are$/,
    mend: /^Lower DATABASE_MAX_CONNECTIONS/,
  },
  {
    name: "a role that was granted nothing",
    find: () => planted("create role bare login", "bare"),
    subject: "postgres role",
    says:
      /^"bare" is not granted select on migrations, .*select, insert on events, .*execute on function/,
    mend: /^Run deno task migrate with DATABASE_ORIGIN_ROLE=bare$/,
  },
  {
    name: "a role that may use no schema",
    find: () => planted("revoke usage on schema public from public, fanfare_origin"),
    subject: "postgres role",
    says: /^"fanfare_origin" may use no schema of its search path$/,
    mend: /^Run deno task migrate with DATABASE_ORIGIN_ROLE=fanfare_origin$/,
  },
  {
    name: "a role that may not write what it must",
    find: () =>
      planted(
        "revoke insert on events from fanfare_origin; " +
          "revoke update (due_at, attempt) on push_jobs from fanfare_origin; " +
          "revoke execute on function next_gsid from fanfare_origin",
      ),
    subject: "postgres role",
    says: new RegExp(
      '^"fanfare_origin" is not granted insert on events, ' +
        "update\\(due_at, attempt\\) on push_jobs, execute on function next_gsid\\(\\)$",
    ),
    mend: /^Run deno task migrate with DATABASE_ORIGIN_ROLE=fanfare_origin$/,
  },
  {
    name: "a role that is a superuser",
    find: () => planted("select 1", "postgres"),
    level: "warning",
    subject: "postgres role",
    says: /^"postgres" is a superuser: whoever takes an origin may drop them$/,
    mend: /^Let origins connect as a role of their own/,
  },
  {
    name: "a role that owns the tables",
    find: () =>
      planted(
        "create role lord login; alter table events owner to lord; grant fanfare_origin to lord",
        "lord",
      ),
    level: "warning",
    subject: "postgres role",
    says: /^"lord" owns the tables: whoever takes an origin may drop them$/,
    mend: /SETTINGS\.md says how it is made$/,
  },
  {
    name: "a role that may do more than an origin does",
    find: () =>
      planted(
        "grant truncate, update on events to fanfare_origin; " +
          "grant update (epoch) on log to fanfare_origin; " +
          "grant execute on function begin_epoch to fanfare_origin; " +
          "grant create on schema public to fanfare_origin",
      ),
    level: "warning",
    subject: "postgres role",
    says: new RegExp(
      '^"fanfare_origin" may do what no origin does: create on schema public, ' +
        "truncate on events, update on events, update\\(epoch\\) on log, " +
        "execute on function begin_epoch\\(\\)$",
    ),
    mend: /^Run deno task migrate with .* and --contract, once the release before is gone$/,
  },
  {
    name: "a migration that has not run",
    find: () => planted("delete from migrations where name = '0004_groups.sql'"),
    subject: "postgres migrations",
    says: /^0004_groups\.sql has not run: no origin of this release starts$/,
    mend: /^Run deno task migrate, of this release$/,
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
  await using database = await testDatabase({ prepare: prepareSchema });
  const { url, postgres } = database;
  const name = new URL(url).pathname.slice(1);
  await command(`revoke temporary on database ${name} from public`, postgres.url);
  expectOnly(await checkUrl(asRole(url, ORIGIN_ROLE)), {
    level: "failure",
    subject: "postgres durability",
    says: /^fsync is off: acknowledged messages are lost/,
    mend: /^Set fsync = on in postgresql\.conf, and reload$/,
  });
});

Deno.test("a clock that is a minute ahead: a failure of the clock of postgres", async () => {
  const deps = { ...DEPS, nowMs: () => Date.now() + 60_000 };
  expectOnly(await checkUrl(urlOf("good"), 20, deps), {
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
  synchronousStandbys: "",
  maxConnections: 97,
  usedByOthers: 10,
  roleLimit: -1,
  databaseLimit: -1,
  database: "fanfare",
};

const ARCHIVE: WalArchive = { isOn: true, timeoutS: 60, isFailing: false, ageMs: 1_000 };

const ROLE: RoleFacts = {
  name: "fanfare_origin",
  schema: "public",
  isSuper: false,
  isOwner: false,
  lacks: [],
  exceeds: [],
};

const VERIFIED = "?sslmode=verify-full";

function judged(
  facts: Partial<PostgresFacts>,
  waiting: string[] = [],
  query = VERIFIED,
  archive: Partial<WalArchive> = {},
) {
  const state = { pending: [], waiting, edited: [], unknown: [] };
  const answers = { facts: { ...FACTS, ...facts }, archive: { ...ARCHIVE, ...archive } };
  return judgePostgres({ ...answers, role: ROLE, state, beforeMigrate: false }, {
    url: `postgres://fanfare@db.example/fanfare${query}`,
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
    mend: /sslmode=verify-full/,
  },
  {
    name: "TLS with whoever answers",
    find: () => judged({ encrypted: true }, [], "?sslmode=require"),
    level: "warning",
    subject: "postgres encryption",
    says: /nobody looks at the server's certificate$/,
    mend: /sslmode=verify-full/,
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
    name: "a migration that waits for the release before to be gone",
    find: () => judged({}, ["0007_less.sql"]),
    level: "warning",
    subject: "postgres migrations",
    says: /^0007_less\.sql waits for the release before to be gone$/,
    mend: /^When it is, run deno task migrate --contract$/,
  },
  {
    name: "a standby that commits do not wait for",
    find: () => judged({ synchronousStandbys: "standby", synchronousCommit: "local" }),
    level: "warning",
    subject: "postgres durability",
    says: /^synchronous_commit is local: a standby that is promoted may lack/,
    mend: /^Set synchronous_commit = on/,
  },
  {
    name: "a log that is not archived",
    find: () => judged({}, [], VERIFIED, { isOn: false }),
    level: "warning",
    subject: "postgres archive",
    says: /^archive_mode is off: what came after the last backup/,
    mend: /^Set archive_mode = on .*RUNBOOK\.md#backups/,
  },
  {
    name: "a log that cannot be archived",
    find: () => judged({}, [], VERIFIED, { isFailing: true }),
    level: "warning",
    subject: "postgres archive",
    says: /^the last try to archive the log failed/,
    mend: /what archive_command said/,
  },
  {
    name: "a log that is archived when a piece is full",
    find: () => judged({}, [], VERIFIED, { timeoutS: 0 }),
    level: "warning",
    subject: "postgres archive",
    says: /^archive_timeout is 0/,
    mend: /^Set archive_timeout = '60s'/,
  },
  {
    name: "a database that is not UTF8",
    find: () => judged({ encoding: "SQL_ASCII" }),
    subject: "postgres",
    says: /SQL_ASCII$/,
    mend: /encoding UTF8$/,
  },
]);

Deno.test("what commits wait for, and what is kept elsewhere, is said", () => {
  assert.deepEqual(
    judged({ synchronousStandbys: "standby" }).filter(({ subject }) =>
      ["postgres durability", "postgres archive"].includes(subject)
    ).map(({ says }) => says),
    [
      "what is committed is on disk, and a standby's (synchronous_commit on)",
      "on, every 60 s at the latest",
    ],
  );
});
