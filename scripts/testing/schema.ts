/**
 * For tests: a database with our schema, and the role as which origins use it.
 *
 * Invariant: what stands for an origin connects as one does, and may do no more; only what looks at
 * a database, or breaks it, may do everything.
 *
 * @module
 */

import postgres from "postgres";
import { runMigration } from "../migrate/migration.ts";
import { asRole, ensureRoles, ORIGIN_ROLE } from "../services/database_roles.ts";

/** For the template of a server. */
export async function prepareSchema(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await ensureRoles(sql).finally(() => sql.end());
  await runMigration({ ownerUrl: url, originRole: ORIGIN_ROLE });
}

/** The same database, as an origin connects to it. */
export function asOrigin(url: string): string {
  return asRole(url, ORIGIN_ROLE);
}
