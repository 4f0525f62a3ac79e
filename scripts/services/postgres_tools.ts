/**
 * A Postgres as operators have it, with all of its tools: npm's has the server alone.
 *
 * Invariant: server and tools are of one release, 15 or newer. One that is installed goes before
 * one that is fetched. Knows nothing of what they are used for.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { systemSource } from "./debian_packages.ts";
import { findProgram, MissingProgram, type ProgramNeeds } from "./programs.ts";

export interface PostgresTools {
  /** Holds `bin`. */
  native: string;
  /** Holds all that they need, and may be copied as a whole; absent where they are installed. */
  within?: string;
  /** What goes before a program, so that it finds its libraries. */
  prefix: string[];
}

const OLDEST = 15;
/** Where Debian, and Homebrew on either kind of Mac, put each release. */
const HOMES = [
  { folder: "/usr/lib/postgresql", name: /^(\d+)$/ },
  { folder: "/opt/homebrew/opt", name: /^postgresql@(\d+)$/ },
  { folder: "/usr/local/opt", name: /^postgresql@(\d+)$/ },
];
/** Which release a suite has. */
const PACKAGED: Readonly<Record<string, number>> = { bookworm: 15, trixie: 17, noble: 16 };

/** @throws {MissingProgram} */
export async function findPostgresTools(
  { installed = installedHomes() }: { installed?: readonly string[] } = {},
): Promise<PostgresTools> {
  const [newest] = installed;
  if (newest !== undefined) return { native: newest, prefix: [] };
  const packaged = await needs();
  const { command } = await findProgram(packaged, {});
  const program = command.at(-1)!;
  return {
    native: dirname(dirname(program)),
    within: program.slice(0, -packaged.packagedAt.length - 1),
    prefix: command.slice(0, -1),
  };
}

/** The newest first. */
function installedHomes(): string[] {
  const found = HOMES.flatMap(({ folder, name }) =>
    namesIn(folder).flatMap((entry) => {
      const version = Number(name.exec(entry)?.[1] ?? 0);
      const home = join(folder, entry);
      const isWhole = ["postgres", "pg_basebackup"].every((one) =>
        namesIn(join(home, "bin")).includes(one)
      );
      return version >= OLDEST && isWhole ? [{ version, home }] : [];
    })
  );
  return found.sort((a, b) => b.version - a.version).map(({ home }) => home);
}

async function needs(): Promise<ProgramNeeds> {
  const suite = (await systemSource())?.suite ?? "";
  const version = PACKAGED[suite];
  if (version === undefined && Deno.build.os !== "darwin") {
    throw new MissingProgram(
      `Cannot find a Postgres ${OLDEST} or newer with pg_basebackup. What helps: install postgresql`,
    );
  }
  return {
    name: "pg_basebackup",
    version: /\(PostgreSQL\) (\d+\.\d+)/,
    atLeast: [OLDEST, 0],
    brewFormula: "postgresql@17",
    // With what its libraries in turn need, where nothing else has brought it.
    packages: [
      ...[`postgresql-${version}`, `postgresql-client-${version}`, "libpq5"],
      ...["libgssapi-krb5-2", "libkrb5-3", "libsasl2-2"],
    ],
    packagedAt: `usr/lib/postgresql/${version}/bin/pg_basebackup`,
  };
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
