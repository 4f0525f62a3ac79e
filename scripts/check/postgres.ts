/**
 * Asking Postgres what it is, and whether it is what an origin needs.
 *
 * Invariant: it is only asked; nothing is written. What its answers mean: `postgres_judge.ts`.
 *
 * @module
 */

import type { OriginConfig } from "origin/config.ts";
import { compareMigrations, type MigrationState, readMigrations } from "origin/store/migrate.ts";
import { createSql, type Sql, sqlStateOf } from "origin/store/sql.ts";
import { judgeClock } from "./clock.ts";
import { failure, type Finding } from "./finding.ts";
import { placeOf } from "./place.ts";
import { judgePostgres, type PostgresFacts } from "./postgres_judge.ts";
import { type CheckDeps, wordsOf } from "./probe.ts";

const SUBJECT = "postgres";

export async function checkPostgres(
  { database, name }: Pick<OriginConfig, "database" | "name">,
  { nowMs }: CheckDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  const sql = createSql(database.url, { name: "fanfare check", maxConnections: 1 });
  const giveUp = () => sql.end({ timeout: 0 });
  signal.addEventListener("abort", giveUp);
  try {
    const facts = await readFacts(sql, name);
    const sentMs = nowMs();
    const [clock] = await sql<{ ms: number }[]>`
      select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms`;
    const sample = { theirsMs: clock!.ms, sentMs, receivedMs: nowMs() };
    const migrations = await readMigrations();
    const state = await readMigrationState(sql, migrations);
    const tables = migrations.flatMap(({ text }) => tablesIn(text));
    const closed = await readClosedTables(sql, tables);
    return [
      ...judgePostgres({ facts, state, closed }, database),
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
      current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) as "maxConnections",
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend'
        and pid <> pg_backend_pid()
        and application_name not like ${`${origin} %`}) as "usedByOthers",
      r.rolconnlimit as "roleLimit", d.datconnlimit as "databaseLimit",
      current_user::text as role, d.datname::text as database,
      current_schema()::text as schema,
      coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayCreate"
    from pg_database d, pg_roles r
    where d.datname = current_database() and r.rolname = current_user`;
  return facts!;
}

/** `undefined`: the role may not look. */
async function readMigrationState(
  sql: Sql,
  migrations: Awaited<ReturnType<typeof readMigrations>>,
): Promise<MigrationState | undefined> {
  try {
    return await compareMigrations(sql, migrations);
  } catch (error) {
    if (sqlStateOf(error) === INSUFFICIENT_PRIVILEGE) return;
    throw error;
  }
}

const INSUFFICIENT_PRIVILEGE = "42501";

function tablesIn(migration: string): string[] {
  return [...migration.matchAll(/^create table (?:if not exists )?(\w+)/gm)].map(([, name]) =>
    name!
  );
}

/** Tables of ours that are there and not for this role to read and write. */
async function readClosedTables(sql: Sql, tables: readonly string[]): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select c.relname::text as name from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
      and c.relname::text = any(${[...tables]})
      and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
        and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete'))
    order by 1`;
  return rows.map(({ name }) => name);
}

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

function judgeTrouble(error: unknown, url: string): Finding {
  const code = sqlStateOf(error) ?? (error as { code?: string } | null)?.code ?? "";
  const mend = MENDS[code] ?? "See whether DATABASE_URL names the primary, and its log";
  return failure(SUBJECT, `Cannot use Postgres at ${placeOf(url)}: ${wordsOf(error)}`, mend);
}
