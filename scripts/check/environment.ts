/**
 * Where the settings of each program come from: the environment, and files that go before it.
 *
 * Invariant: of two files that name a setting, the later one counts. A file that is for one program
 * says nothing to the other.
 *
 * @module
 */

import { parseEnv } from "node:util";
import type { Environment } from "shared/config/read.ts";
import { UsedWrongly } from "../cli/run.ts";
import type { Environments, ProgramName } from "./settings.ts";

export interface EnvFile {
  path: string;
  programs: readonly ProgramName[];
  values: Environment;
}

const BOTH = ["edge", "origin"] as const;

/** Reads `FILE`, `edge=FILE` or `origin=FILE`. @throws {UsedWrongly} When it cannot be read. */
export function readEnvFile(argument: string, readText: (path: string) => string): EnvFile {
  const [, program, rest] = /^(edge|origin)=(.+)$/.exec(argument) ?? [];
  const path = rest ?? argument;
  try {
    const values = { ...parseEnv(readText(path)) };
    return { path, programs: program ? [program as ProgramName] : BOTH, values };
  } catch (error) {
    throw new UsedWrongly(`Cannot read "${path}": ${(error as Error).message}`);
  }
}

export function environmentsOf(own: Environment, files: readonly EnvFile[]): Environments {
  const of = (program: ProgramName) =>
    Object.assign(
      {},
      own,
      ...files.filter(({ programs }) => programs.includes(program)).map(({ values }) => values),
    );
  return { edge: of("edge"), origin: of("origin") };
}
