/**
 * Findings as a table for a terminal.
 *
 * Invariant: one line for each finding, and one more for its mend; nothing is left out. Pure.
 *
 * @module
 */

import { count, type Finding, type Level } from "./finding.ts";

const WORDS: Record<Level, string> = { ok: "ok", warning: "warning", failure: "FAILURE" };
const LEVEL_WIDTH = 8;

export function table(findings: readonly Finding[]): string[] {
  const width = Math.max(0, ...findings.map(({ subject }) => subject.length));
  const indent = " ".repeat(LEVEL_WIDTH + 1 + width + 2);
  return findings.flatMap(({ subject, level, says, mend }) => [
    `${WORDS[level].padEnd(LEVEL_WIDTH)} ${subject.padEnd(width)}  ${says}`,
    ...(mend === undefined ? [] : [`${indent}→ ${mend}`]),
  ]);
}

/** `12 ok, 1 warning, 2 failures` */
export function summary(findings: readonly Finding[]): string {
  const many = (level: Level) => {
    const n = count(findings, level);
    return `${n} ${level}${n === 1 ? "" : "s"}`;
  };
  return `${count(findings, "ok")} ok, ${many("warning")}, ${many("failure")}`;
}
