/**
 * The schema of the release, in the database, before anything of the release runs.
 *
 * Invariant: what runs lets the release that runs go on, so that it needs no way back; after it the
 * database is what the release's origins need, seen as they will see it. Where nobody says who owns
 * the database, whoever does has migrated it before.
 *
 * @module
 */

import type { OriginConfig } from "origin/config.ts";
import { readMigrations } from "origin/store/schema.ts";
import { createSql } from "origin/store/sql.ts";
import { assertUsable } from "origin/store/usable.ts";
import type { Environment } from "shared/config/read.ts";
import { planMigration, runMigration, type Target } from "../../migrate/migration.ts";
import { readTarget, roleOf } from "../../migrate/settings.ts";

type Database = OriginConfig["database"];

/** @throws {ConfigError} */
export function ownerIn(environment: Environment, { url }: Database): Target | undefined {
  if (!environment.DATABASE_OWNER_URL) return;
  return readTarget({ DATABASE_ORIGIN_ROLE: roleOf(url), ...environment });
}

/** What would run, in words. */
export async function planMigrations(
  database: Database,
  owner: Target | undefined,
): Promise<string[]> {
  if (!owner) {
    await assertUsableBy(database);
    return [];
  }
  const { pending, grants, faults } = await planMigration(owner);
  if (faults.length > 0) throw new Error(`Cannot migrate: ${faults.join("; ")}`);
  return [...pending, ...(grants.length > 0 ? [`what ${owner.originRole} is granted`] : [])];
}

/** The names of what ran. */
export async function runMigrations(
  database: Database,
  owner: Target | undefined,
): Promise<string[]> {
  const ran = owner ? (await runMigration(owner)).ran : [];
  await assertUsableBy(database);
  return ran;
}

async function assertUsableBy({ url }: Database): Promise<void> {
  const sql = createSql(url, { name: "fanfare deploy", maxConnections: 1 });
  try {
    await assertUsable(sql, await readMigrations());
  } finally {
    await sql.end();
  }
}
