/**
 * What single replicas are told besides what all of a program are: files in a folder beside its file.
 *
 * Invariant: beside `edge.env` that is `edge.d/edge-0.env`, for the edge that is called `edge-0`; what
 * it says goes before what any file says to all. Where replicas have no names of their own, as they
 * come and go by themselves, all of them are told `edge.d/edge.env`.
 *
 * @module
 */

import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Environment } from "shared/config/read.ts";
import { UsedWrongly } from "../cli/run.ts";
import type { EnvFile } from "./environment.ts";
import type { ProgramName } from "./settings.ts";

/** By the names of replicas. */
export type Own = Readonly<Record<string, Environment>>;

/** `edge` of `edge-0`, and of `edge`; `undefined`: no replica is called so. */
export function programOf(replica: string): ProgramName | undefined {
  return /^(edge|origin)(-(0|[1-9]\d*))?$/.exec(replica)?.[1] as ProgramName | undefined;
}

/** `file`: of all that run the program. */
export function ownFileOf(file: string, replica: string): string {
  return join(folderOf(file), `${replica}.env`);
}

/** Of those who are told something: a replica without a file of its own is not there. */
export function readOwn(
  files: readonly EnvFile[],
  replicas: readonly string[],
  readText: (path: string) => string,
): Own {
  const told = replicas.map((replica) => {
    const found = files.filter(({ programs }) => programs.includes(programOf(replica)!))
      .map(({ path }) => readIfThere(ownFileOf(path, replica), readText))
      .filter((values) => values !== undefined);
    return [replica, found.length > 0 ? Object.assign({}, ...found) : undefined];
  });
  return Object.fromEntries(told.filter(([, values]) => values !== undefined));
}

/** The names of files beside one, without their endings, those of `edge-2` before `edge-10`. */
export function namesBeside(file: string): string[] {
  try {
    return [...Deno.readDirSync(folderOf(file))]
      .filter(({ name }) => name.endsWith(".env"))
      .map(({ name }) => name.slice(0, -".env".length))
      .sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function folderOf(file: string): string {
  return `${file.replace(/\.env$/, "")}.d`;
}

function readIfThere(
  path: string,
  readText: (path: string) => string,
): Environment | undefined {
  try {
    return { ...parseEnv(readText(path)) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new UsedWrongly(`Cannot read "${path}": ${(error as Error).message}`);
  }
}
