/**
 * The schema that this release knows: the numbered files in `migrations/`, and which of them a
 * database has.
 *
 * Invariant: a file that has run is named and checksummed in the database, so that one look tells
 * an older database, a newer one, and one that ran something else under the same name. Changes
 * nothing.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Sql } from "./sql.ts";

export interface Migration {
  name: string;
  text: string;
}

/** What a database has of this release's migrations. */
export interface MigrationState {
  /** They have not run, and no origin of this release starts before they have. */
  pending: string[];
  /** They take away what only the release before needed, and run once that is gone. */
  waiting: string[];
  /** They ran, and are others now: no origin of this release starts. */
  edited: string[];
  /** They ran, and this release does not have them: a newer one was here. */
  unknown: string[];
}

const DIRECTORY = new URL("./migrations/", import.meta.url);
const NAME = /^\d{4}_[a-z_]+\.sql$/;

export async function readMigrations(): Promise<Migration[]> {
  const entries = await Array.fromAsync(Deno.readDir(DIRECTORY));
  const names = entries.map(({ name }) => name).filter((name) => NAME.test(name)).sort();
  return await Promise.all(names.map(async (name) => ({
    name,
    text: await Deno.readTextFile(new URL(name, DIRECTORY)),
  })));
}

/** Whether it takes something away from the release before, which its first line says. */
export function isContracting({ text }: Migration): boolean {
  return /^-- contract\b/.test(text);
}

export function checksumOf({ text }: Migration): string {
  return createHash("sha256").update(text).digest("hex");
}

/** In the order in which they are told by name, which is that in which they run. */
export function compare(
  migrations: readonly Migration[],
  ran: ReadonlyMap<string, string>,
): MigrationState {
  const known = new Set(migrations.map(({ name }) => name));
  const missing = migrations.filter(({ name }) => !ran.has(name));
  const isEdited = (one: Migration) => ran.has(one.name) && ran.get(one.name) !== checksumOf(one);
  const names = (some: readonly Migration[]) => some.map(({ name }) => name);
  return {
    pending: names(missing.filter((one) => !isContracting(one))),
    waiting: names(missing.filter(isContracting)),
    edited: names(migrations.filter(isEdited)),
    unknown: [...ran.keys()].filter((name) => !known.has(name)),
  };
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
  return compare(migrations, new Map(rows.map(({ name, checksum }) => [name, checksum])));
}
