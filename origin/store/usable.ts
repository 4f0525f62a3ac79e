/**
 * Whether an origin of this release can work with a database.
 *
 * Invariant: whoever starts knows that every table, function and right that it uses is there; it
 * makes none of them. A database that is newer will do: releases overlap while they are rolled.
 *
 * @module
 */

import { readLacking } from "./privileges.ts";
import { compareMigrations, type Migration, type MigrationState } from "./schema.ts";
import type { Sql } from "./sql.ts";

/** @throws {Error} That says what to do. */
export async function assertUsable(sql: Sql, migrations: readonly Migration[]): Promise<void> {
  const [{ role }] = await sql<[{ role: string }]>`select current_user::text as role`;
  const lacking = await readLacking(sql, role);
  const mayLook = !lacking.includes("select on migrations");
  const faults = [
    ...(mayLook ? faultsInState(await compareMigrations(sql, migrations)) : []),
    ...lacking.map((words) => `the role "${role}" is not granted ${words}`),
  ];
  if (faults.length === 0) return;
  throw new Error(
    `Cannot use the database: ${faults.join("; ")}. What helps: deno task migrate, of this release`,
  );
}

function faultsInState({ pending, edited }: MigrationState): string[] {
  return [
    ...pending.map((name) => `${name} has not run`),
    ...edited.map((name) => `${name} ran there with another text than this release has`),
  ];
}
