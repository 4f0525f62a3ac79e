/**
 * Brings a database to the schema of this release, for whoever owns it: no origin may.
 *
 * Invariant: each file runs once, whole or not at all, in the order of their names, however many
 * run them at the same time; nothing runs unless all that is to run may. What a process of the
 * release before still needs is taken away only on the word that none is left.
 *
 * @module
 */

import {
  checksumOf,
  compareMigrations,
  isContracting,
  type Migration,
  type MigrationState,
  readMigrations,
} from "./schema.ts";
import { inTransaction, type Sql, sqlStateOf, type Transaction } from "./sql.ts";

export interface MigrateOptions {
  /** No process of the release before runs any more: what only it needed may go. */
  contract?: boolean;
}

/** Whoever changes the schema, or who may use it, holds it. */
const LOCK = 7230105;
/** All sends wait behind a migration that waits for a table. */
const TABLE_WAIT_MS = 3_000;
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * The names of the migrations that ran now.
 *
 * @throws {Error} When one that ran before has changed since, and when one may not run yet.
 */
export async function migrate(sql: Sql, options: MigrateOptions = {}): Promise<string[]> {
  return await runMigrations(sql, await readMigrations(), options);
}

export async function runMigrations(
  sql: Sql,
  migrations: readonly Migration[],
  options: MigrateOptions = {},
): Promise<string[]> {
  const state = await compareMigrations(sql, migrations);
  const [fault] = faultsInRun(migrations, state, options);
  if (fault) throw new Error(`Cannot migrate: ${fault}`);
  const names = new Set([...state.pending, ...(options.contract ? state.waiting : [])]);
  const ran: string[] = [];
  for (const migration of migrations.filter(({ name }) => names.has(name))) {
    if (await inTransaction(sql, (transaction) => runOnce(transaction, migration))) {
      ran.push(migration.name);
    }
  }
  return ran;
}

/** Why these may not run in a database that is in this state. */
export function faultsInRun(
  migrations: readonly Migration[],
  { pending, waiting, edited }: MigrationState,
  { contract = false }: MigrateOptions,
): string[] {
  const [first] = contract ? [] : waiting;
  const early = pending.filter((name) => first !== undefined && name > first);
  const bold = migrations.filter((one) => pending.includes(one.name) && takesAway(one));
  return [
    ...edited.map((name) => `${name} has changed since it ran in this database`),
    ...early.map((name) =>
      `${name} comes after ${first}, which waits until no process of the release before is left`
    ),
    ...bold.map(({ name }) =>
      `${name} takes something away, and does not begin with "-- contract"`
    ),
  ];
}

const TAKING =
  /\b(drop|rename|truncate|set\s+not\s+null|alter\s+(column\s+)?\S+\s+(set\s+data\s+)?type)\b/i;

/** By its words: what is in comments and between quotes does not count. */
function takesAway(migration: Migration): boolean {
  const words = migration.text.replaceAll(/--.*$|'[^']*'/gm, "");
  return !isContracting(migration) && TAKING.test(words);
}

/** Waits for whoever else changes the schema. */
export async function lockSchema(transaction: Transaction): Promise<void> {
  await transaction`set local statement_timeout = 0`;
  await transaction`select pg_advisory_xact_lock(${LOCK})`;
}

async function runOnce(transaction: Transaction, migration: Migration): Promise<boolean> {
  const { name, text } = migration;
  await lockSchema(transaction);
  await transaction`
    create table if not exists migrations (
      name text primary key,
      checksum text not null,
      applied timestamptz not null default now()
    )`;
  const checksum = checksumOf(migration);
  const [before] = await transaction<{ checksum: string }[]>`
    select checksum from migrations where name = ${name}`;
  if (before) {
    if (before.checksum === checksum) return false;
    throw new Error(`Cannot migrate: ${name} has changed since it ran in this database`);
  }
  await transaction.unsafe(`set local lock_timeout = ${TABLE_WAIT_MS}; ${text}`).catch(
    explain(name),
  );
  await transaction`insert into migrations (name, checksum) values (${name}, ${checksum})`;
  return true;
}

function explain(name: string) {
  return (cause: unknown): never => {
    const why = sqlStateOf(cause) === LOCK_NOT_AVAILABLE
      ? `another session holds a table for more than ${TABLE_WAIT_MS / 1000} s; try again`
      : (cause as Error).message;
    throw new Error(`Cannot migrate: ${name} changed nothing: ${why}`, { cause });
  };
}
