/**
 * Asking Postgres what it is, and whether it is what an origin needs.
 *
 * Invariant: it is only asked; nothing is written. What its answers mean: `postgres_judge.ts`.
 *
 * @module
 */

import type { OriginConfig } from "origin/config.ts";
import { readWalArchive } from "origin/store/archive.ts";
import { isOwner, readExcess, readLacking } from "origin/store/privileges.ts";
import { compareMigrations, type MigrationState, readMigrations } from "origin/store/schema.ts";
import { createSql, type Sql, sqlStateOf } from "origin/store/sql.ts";
import { judgeClock } from "./clock.ts";
import { failure, type Finding } from "./finding.ts";
import { placeOf } from "./place.ts";
import { judgePostgres, type PostgresFacts, type RoleFacts } from "./postgres_judge.ts";
import { type CheckDeps, wordsOf } from "./probe.ts";

const SUBJECT = "postgres";

interface PostgresChecked extends Pick<OriginConfig, "database" | "name"> {
  /** What `deno task migrate` brings is not missed yet. */
  beforeMigrate?: boolean;
}

export async function checkPostgres(
  { database, name, beforeMigrate = false }: PostgresChecked,
  { nowMs }: CheckDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  let sql: Sql;
  try {
    sql = createSql(database.url, { name: "fanfare check", maxConnections: 1 });
  } catch (error) {
    return [judgeTrouble(error, database.url)];
  }
  const giveUp = () => sql.end({ timeout: 0 });
  signal.addEventListener("abort", giveUp);
  try {
    const facts = await readFacts(sql, name);
    const sentMs = nowMs();
    const [clock] = await sql<{ ms: number }[]>`
      select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms`;
    const sample = { theirsMs: clock!.ms, sentMs, receivedMs: nowMs() };
    const role = await readRole(sql);
    const archive = await readWalArchive(sql);
    const state = role.schema === null ? undefined : await readMigrationState(sql);
    return [
      ...judgePostgres({ facts, role, state, archive, beforeMigrate }, database),
      judgeClock("postgres", sample),
    ];
  } catch (error) {
    return [judgeTrouble(error, database.url)];
  } finally {
    signal.removeEventListener("abort", giveUp);
    await sql.end();
  }
}

async function readFacts(sql: Sql, origin: string): Promise<PostgresFacts> {
  const [facts] = await sql<PostgresFacts[]>`
    select current_setting('server_version') as version,
      current_setting('server_version_num')::int as "versionNumber",
      pg_encoding_to_char(d.encoding) as encoding,
      coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted,
      pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "readOnly",
      current_setting('fsync') = 'on' as fsync,
      current_setting('full_page_writes') = 'on' as "fullPages",
      current_setting('synchronous_commit') as "synchronousCommit",
      current_setting('synchronous_standby_names') as "synchronousStandbys",
      current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) as "maxConnections",
      -- What the sessions of other roles are is not told to one that is nothing special.
      (select count(*)::int from pg_stat_activity where datid is not null
        and coalesce(backend_type, 'client backend') = 'client backend'
        and pid <> pg_backend_pid()
        and application_name not like ${`${origin} %`}) as "usedByOthers",
      r.rolconnlimit as "roleLimit", d.datconnlimit as "databaseLimit",
      d.datname::text as database
    from pg_database d, pg_roles r
    where d.datname = current_database() and r.rolname = current_user`;
  return facts!;
}

async function readRole(sql: Sql): Promise<RoleFacts> {
  const [known] = await sql<Pick<RoleFacts, "name" | "schema" | "isSuper">[]>`
    select rolname::text as name, current_schema()::text as schema, rolsuper as "isSuper"
    from pg_roles where rolname = current_user`;
  const { name } = known!;
  const isOwnerOfTables = await isOwner(sql, name);
  return {
    ...known!,
    isOwner: isOwnerOfTables,
    lacks: await readLacking(sql, name),
    exceeds: isOwnerOfTables ? [] : await readExcess(sql, name),
  };
}

/** `undefined`: the role may not look. */
async function readMigrationState(sql: Sql): Promise<MigrationState | undefined> {
  try {
    return await compareMigrations(sql, await readMigrations());
  } catch (error) {
    if (sqlStateOf(error) === INSUFFICIENT_PRIVILEGE) return;
    throw error;
  }
}

const INSUFFICIENT_PRIVILEGE = "42501";

const MENDS: Readonly<Record<string, string>> = {
  "28P01": "Correct user and password in DATABASE_URL",
  "28000": "Correct the user in DATABASE_URL, or let pg_hba.conf admit it from here",
  "3D000": "Create the database, or correct its name in DATABASE_URL",
  "53300": "Raise max_connections of Postgres, or end what holds its connections",
  "57P03": "Wait until Postgres has started, and check again",
  ECONNREFUSED: "Start Postgres there, or correct host and port in DATABASE_URL",
  ENOTFOUND: "Correct the host in DATABASE_URL",
  CONNECT_TIMEOUT: "Correct host and port in DATABASE_URL, or open the firewall between",
};

/** By the words of the driver and of Deno, whose errors of TLS have no code of their own. */
const MENDS_OF_TLS: readonly [words: RegExp, mend: string][] = [
  [/before secure TLS/, "Turn ssl on in postgresql.conf, or take sslmode out of DATABASE_URL"],
  [
    /sslrootcert/,
    "Correct the path after sslrootcert= in DATABASE_URL; a program must be able to read it",
  ],
  [
    /certificate|altnames|issuer/i,
    "Name the file of its authority in DATABASE_URL, sslmode=verify-full&sslrootcert=FILE, and the " +
    "host as its certificate does",
  ],
];

function judgeTrouble(error: unknown, url: string): Finding {
  const code = sqlStateOf(error) ?? (error as { code?: string } | null)?.code ?? "";
  const words = wordsOf(error);
  const ofTls = MENDS_OF_TLS.find(([pattern]) => pattern.test(words))?.[1];
  const mend = ofTls ?? MENDS[code] ?? "See whether DATABASE_URL names the primary, and its log";
  return failure(SUBJECT, `Cannot use Postgres at ${placeOf(url)}: ${words}`, mend);
}
