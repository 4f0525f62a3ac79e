/**
 * A migration of a database, as its owner: planned, or run.
 *
 * Invariant: a plan changes nothing, and what it says is what runs. Origins of this release start
 * after it, and those of the release before go on, until somebody says that none is left.
 *
 * @module
 */

import { faultsInRun, type MigrateOptions, runMigrations } from "origin/store/migrate.ts";
import { compareMigrations, type Migration, readMigrations } from "origin/store/schema.ts";
import { createSql, type Sql } from "origin/store/sql.ts";
import { placeOf } from "../check/place.ts";
import { assertRole, grantNeeds, planGrants } from "./grants.ts";

export interface Target {
  /** Of the role that owns the database. */
  ownerUrl: string;
  /** The role of the origins. */
  originRole: string;
}

export interface MigrationPlan {
  /** They run. */
  pending: string[];
  /** They wait until no process of the release before is left. */
  waiting: string[];
  /** They ran, and belong to a newer release. */
  unknown: string[];
  /** What is granted and revoked of what is there; tables that are made get theirs as well. */
  grants: string[];
  /** Why it would be refused. */
  faults: string[];
}

export interface MigrationResult {
  ran: string[];
  waiting: string[];
  /** The statements that granted or revoked something. */
  granted: string[];
}

/** @throws {Error} When the database cannot be reached, or the role is not there. */
export async function planMigration(
  { ownerUrl, originRole }: Target,
  options: MigrateOptions = {},
): Promise<MigrationPlan> {
  return await asOwner(ownerUrl, async (sql, migrations) => {
    await assertRole(sql, originRole);
    const state = await compareMigrations(sql, migrations);
    const { contract = false } = options;
    return {
      pending: contract ? [...state.pending, ...state.waiting].sort() : state.pending,
      waiting: contract ? [] : state.waiting,
      unknown: state.unknown,
      grants: await planGrants(sql, originRole, options),
      faults: faultsInRun(migrations, state, options),
    };
  });
}

/** @throws {Error} When it is refused, or failed; what ran before stays, and is whole. */
export async function runMigration(
  { ownerUrl, originRole }: Target,
  options: MigrateOptions = {},
): Promise<MigrationResult> {
  return await asOwner(ownerUrl, async (sql, migrations) => {
    await assertRole(sql, originRole);
    const ran = await runMigrations(sql, migrations, options);
    const granted = await grantNeeds(sql, originRole, options);
    const { waiting } = await compareMigrations(sql, migrations);
    return { ran, waiting, granted };
  });
}

async function asOwner<Result>(
  url: string,
  run: (sql: Sql, migrations: Migration[]) => Promise<Result>,
): Promise<Result> {
  const sql = createSql(url, { name: "fanfare migrate", maxConnections: 1 });
  const migrations = await readMigrations();
  try {
    return await run(sql, migrations);
  } catch (cause) {
    if (!(cause as { code?: unknown }).code) throw cause;
    // Of the driver, or of Postgres, which do not say of whom they speak.
    throw new Error(`Cannot use the database at ${placeOf(url)} as its owner`, { cause });
  } finally {
    await sql.end();
  }
}
