/**
 * The two roles of a database that is ours: one owns it, as the other origins connect.
 *
 * Invariant: neither may do anything but by what it owns or was granted; they have no password, for
 * our own servers trust whoever connects from this machine.
 *
 * @module
 */

import type { Sql } from "postgres";

export const OWNER_ROLE = "fanfare_owner";
export const ORIGIN_ROLE = "fanfare_origin";

/** Makes both, unless they are there. */
export async function ensureRoles(sql: Sql): Promise<void> {
  for (const role of [OWNER_ROLE, ORIGIN_ROLE]) {
    const [found] = await sql`select from pg_roles where rolname = ${role}`;
    if (!found) await sql`create role ${sql(role)} login`;
  }
}

/** The same database, as another role. */
export function asRole(url: string, role: string): string {
  const changed = new URL(url);
  changed.username = role;
  return changed.href;
}
