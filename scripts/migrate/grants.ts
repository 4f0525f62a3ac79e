/**
 * What is granted to the role of the origins, and taken from everybody.
 *
 * Invariant: after it the role may do what an origin of this release needs. What one of the release
 * before needs is taken back only on the word that none is left.
 *
 * @module
 */

import { lockSchema, type MigrateOptions } from "origin/store/migrate.ts";
import { isOwner, readExcess, readLacking, readOpen } from "origin/store/privileges.ts";
import { inTransaction, type Sql, type Transaction } from "origin/store/sql.ts";

/** The statements that ran; none when all was as it should be. */
export async function grantNeeds(
  sql: Sql,
  role: string,
  options: MigrateOptions = {},
): Promise<string[]> {
  return await inTransaction(sql, (transaction) => grantIn(transaction, role, options));
}

/** The statements that would run. They do, and are rolled back: so nothing can differ. */
export async function planGrants(
  sql: Sql,
  role: string,
  options: MigrateOptions = {},
): Promise<string[]> {
  let statements: string[] = [];
  const rolledBack = new Error("Rolled back");
  await inTransaction(sql, async (transaction) => {
    statements = await grantIn(transaction, role, options);
    throw rolledBack;
  }).catch((error) => {
    if (error !== rolledBack) throw error;
  });
  return statements;
}

/** @throws {Error} When there is no such role, with the words that make it. */
export async function assertRole(sql: Sql, role: string): Promise<void> {
  const [found] = await sql`select from pg_roles where rolname = ${role}`;
  if (found) return;
  throw new Error(
    `Cannot grant anything to "${role}": there is no such role. Create it, as whoever may: ` +
      `create role "${role}" login password '…'; or name another in DATABASE_ORIGIN_ROLE`,
  );
}

async function grantIn(
  transaction: Transaction,
  role: string,
  { contract = false }: MigrateOptions,
): Promise<string[]> {
  await lockSchema(transaction);
  const statements: string[] = [];
  const run = async (statement: string) => {
    await transaction.unsafe(statement);
    statements.push(statement);
  };
  const [{ name, mine }] = await transaction<[{ name: string; mine: boolean }]>`
    select quote_ident(${role}) as name, pg_has_role(datdba, 'usage') as mine
    from pg_database where datname = current_database()`;
  for (const words of await readOpen(transaction)) {
    // Nobody but its owner may: it is left to them, and `check` tells of it.
    if (mine || words.startsWith("execute")) await run(`revoke ${words} from public`);
  }
  if (contract && !await isOwner(transaction, role)) {
    for (const words of await readExcess(transaction, role)) {
      await run(`revoke ${words} from ${name}`);
    }
  }
  for (const words of await readLacking(transaction, role)) await run(`grant ${words} to ${name}`);
  return statements;
}
