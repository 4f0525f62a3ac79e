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

/**
 * Reads `FILE`, `edge=FILE` or `origin=FILE`.
 *
 * @throws {UsedWrongly} When it cannot be read, or has a line that says nothing.
 */
export function readEnvFile(argument: string, readText: (path: string) => string): EnvFile {
  const [, program, rest] = /^(edge|origin)=(.+)$/.exec(argument) ?? [];
  const path = rest ?? argument;
  try {
    const text = readText(path);
    const line = faultyLine(text);
    if (line !== undefined) throw new Error(`line ${line} is no setting, such as NAME=value`);
    const values = { ...parseEnv(text) };
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

const SETTING = /^\s*(export\s+)?[A-Za-z_]\w*\s*=/;

/** The first line, from 1, that the parser would leave out without a word. */
function faultyLine(text: string): number | undefined {
  // What is in quotes may go over several lines, as the text of a key does.
  const unquoted = text.replace(
    /=[ \t]*(["'`])[^]*?\1/g,
    (quoted) => `=${quoted.replace(/[^\n]/g, "")}`,
  );
  const at = unquoted.split("\n").findIndex((line) =>
    line.trim() !== "" && !line.trimStart().startsWith("#") && !SETTING.test(line)
  );
  return at < 0 ? undefined : at + 1;
}
