/**
 * The settings of `deno task migrate`: who owns the database, and who the origins are to it.
 *
 * Invariant: no program that serves reads them; whoever takes an edge or an origin finds no way to
 * the schema.
 *
 * @module
 */

import { type Environment, SettingsReader } from "shared/config/read.ts";
import type { Target } from "./migration.ts";

/** @throws {ConfigError} */
export function readTarget(environment: Environment): Target {
  const read = new SettingsReader(environment);
  const target = readMigrate(read);
  read.done();
  return target;
}

/** The role by which whoever is given this address connects; empty when it does not say. */
export function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

export function readMigrate(read: SettingsReader): Target {
  return {
    ownerUrl: read.url("DATABASE_OWNER_URL", {
      about: "The same Postgres, as the role that owns the database",
      protocols: ["postgres:", "postgresql:"],
    }),
    originRole: read.string("DATABASE_ORIGIN_ROLE", {
      about:
        "The role of origins, or one that theirs is a member of, which is granted what they need",
      fallback: "fanfare_origin",
    }),
  };
}
