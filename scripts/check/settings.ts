/**
 * The settings of both programs, by the programs' own readers.
 *
 * Invariant: what is a fault here keeps a program from starting, and nothing else does. A secret is
 * never shown.
 *
 * @module
 */

import { type EdgeConfig, readEdge, readEdgeConfig } from "edge/config.ts";
import { type OriginConfig, readOrigin, readOriginConfig } from "origin/config.ts";
import { ConfigError, type Environment, type Setting, settingsOf } from "shared/config/read.ts";
import { readMigrate } from "../migrate/settings.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { checkSpans, OF_RUNTIME } from "./spans.ts";

export type ProgramName = "edge" | "origin";
export type Environments = Readonly<Record<ProgramName, Environment>>;

export interface ReadSettings {
  edge?: EdgeConfig;
  origin?: OriginConfig;
  findings: Finding[];
}

const ROWS: Readonly<Record<ProgramName, readonly Setting[]>> = {
  edge: settingsOf(readEdge),
  origin: settingsOf(readOrigin),
};
/** Whoever else reads settings. */
const OTHERS: Readonly<Record<string, readonly Setting[]>> = {
  ...ROWS,
  "task migrate": settingsOf(readMigrate),
};

export function readSettings(
  programs: readonly ProgramName[],
  environments: Environments,
  readText: (path: string) => string,
): ReadSettings {
  const read: ReadSettings = { findings: [] };
  for (const program of programs) {
    const subject = `${program} settings`;
    const environment = environments[program];
    try {
      if (program === "edge") read.edge = readEdgeConfig(environment);
      else read.origin = readOriginConfig(environment, readText);
      read.findings.push(ok(subject, `the ${program} would start with them`));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const fault of error.faults) {
        read.findings.push(failure(subject, fault, mendOf(fault, ROWS[program])));
      }
    }
    read.findings.push(...checkSpans(program, environment, read[program]?.traceRatio));
  }
  return read;
}

function mendOf(fault: string, rows: readonly Setting[]): string {
  if (fault.endsWith("exclude each other")) return "Take out all of them but one";
  // Of two names that a fault holds the first is the one to look at.
  const words = fault.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? [];
  const row = rows.find(({ name }) => name === words.find((word) => isNamed(word, rows)));
  if (!row) return "Correct it, or the file that it is read from; SETTINGS.md has the table";
  return `Set ${row.name} to ${row.expects}. It is: ${row.about}`;
}

function isNamed(word: string, rows: readonly Setting[]): boolean {
  return rows.some(({ name }) => name === word);
}

/** Names in a file of settings that the programs it is for do not read. */
export function strangersIn(
  file: string,
  programs: readonly ProgramName[],
  names: readonly string[],
): Finding[] {
  const rows = programs.flatMap((program) => ROWS[program]);
  const others = Object.keys(OTHERS).filter((one) => !programs.includes(one as ProgramName));
  const isOurs = (name: string) => isNamed(name, rows) || name.startsWith(OF_RUNTIME);
  return names.filter((name) => !isOurs(name)).map((name) => {
    const reader = others.find((one) => isNamed(name, OTHERS[one]!));
    const says = `${name} is no setting of the ${programs.join(" or the ")}`;
    if (reader) {
      return warning(file, says, `Take it out: it is the ${reader}'s, and nobody else's to know`);
    }
    return warning(file, says, `${suggestion(name, rows)}; SETTINGS.md has all names`);
  });
}

function suggestion(name: string, rows: readonly Setting[]): string {
  const near = rows.find((row) => distance(row.name, name) <= 2) ??
    rows.find((row) => row.name.startsWith(`${name}_`));
  return near ? `Is ${near.name} meant` : "Take it out, or correct its name";
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
