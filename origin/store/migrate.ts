/**
 * Brings a database to the schema of this release: the numbered files in `migrations/`, in order.
 *
 * Invariant: each file runs once, whole or not at all, however many origins start at the same
 * time; one that has run is never different from what this release has under that name.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { inTransaction, type Sql, type Transaction } from "./sql.ts";

export interface Migration {
  name: string;
  text: string;
}

const DIRECTORY = new URL("./migrations/", import.meta.url);
const NAME = /^\d{4}_[a-z_]+\.sql$/;
const LOCK = 7230105;

/**
 * The names of the migrations that ran now.
 *
 * @throws {Error} When one that ran before has changed since.
 */
export async function migrate(sql: Sql): Promise<string[]> {
  return await runMigrations(sql, await readMigrations());
}

export async function runMigrations(sql: Sql, migrations: Migration[]): Promise<string[]> {
  const ran: string[] = [];
  for (const migration of migrations) {
    if (await inTransaction(sql, (transaction) => runOnce(transaction, migration))) {
      ran.push(migration.name);
    }
  }
  return ran;
}

/** What a database has of this release's migrations, without changing anything. */
export interface MigrationState {
  /** They run when the next origin of this release starts. */
  pending: string[];
  /** They ran, and are others now: no origin of this release starts. */
  edited: string[];
  /** They ran, and this release does not have them: a newer one was here. */
  unknown: string[];
}

export async function compareMigrations(
  sql: Sql,
  migrations: readonly Migration[],
): Promise<MigrationState> {
  const [found] = await sql<{ there: boolean }[]>`
    select to_regclass('migrations') is not null as there`;
  const rows = found!.there
    ? await sql<{ name: string; checksum: string }[]>`
      select name, checksum from migrations order by name`
    : [];
  const ran = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const known = new Set(migrations.map(({ name }) => name));
  const isEdited = ({ name, text }: Migration) =>
    ran.has(name) && ran.get(name) !== checksumOf(text);
  return {
    pending: migrations.filter(({ name }) => !ran.has(name)).map(({ name }) => name),
    edited: migrations.filter(isEdited).map(({ name }) => name),
    unknown: [...ran.keys()].filter((name) => !known.has(name)),
  };
}

export async function readMigrations(): Promise<Migration[]> {
  const entries = await Array.fromAsync(Deno.readDir(DIRECTORY));
  const names = entries.map(({ name }) => name).filter((name) => NAME.test(name)).sort();
  return await Promise.all(names.map(async (name) => ({
    name,
    text: await Deno.readTextFile(new URL(name, DIRECTORY)),
  })));
}

async function runOnce(transaction: Transaction, { name, text }: Migration): Promise<boolean> {
  await transaction`set local statement_timeout = 0`;
  await transaction`select pg_advisory_xact_lock(${LOCK})`;
  await transaction`
    create table if not exists migrations (
      name text primary key,
      checksum text not null,
      applied timestamptz not null default now()
    )`;
  const checksum = checksumOf(text);
  const [before] = await transaction<{ checksum: string }[]>`
    select checksum from migrations where name = ${name}`;
  if (before) {
    if (before.checksum === checksum) return false;
    throw new Error(`Cannot migrate: ${name} has changed since it ran in this database`);
  }
  await transaction.unsafe(text);
  await transaction`insert into migrations (name, checksum) values (${name}, ${checksum})`;
  return true;
}

function checksumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
