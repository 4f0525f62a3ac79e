/**
 * The scoreboard in words: for a terminal, and in Markdown for PROOF.md.
 *
 * Invariant: nothing is left out: each figure and each anomaly of each part is shown. Pure.
 *
 * @module
 */

import {
  conditionsOf,
  hasPassed,
  lastRun,
  type Run,
  type Scoreboard,
  summariesOf,
  type Summary,
} from "./scoreboard.ts";

/** Of one anomaly of one run: those that come with a limit say all that is over. */
const EXAMPLES = 5;

export function terminalTable(board: Scoreboard, order: readonly string[]): string {
  return summariesOf(board, order).flatMap((summary) => {
    const { part, runs, failed, ms } = summary;
    const over = (board.parts[part] ?? []).filter(isOverLimits).length;
    const verdict = verdictOf(failed - over, over);
    const head = `${part.padEnd(20)} ${times(runs)}, ${verdict}, ${minutes(ms)}`;
    return [
      head,
      ...wrapped(figuresOf(summary), 96),
      `    anomalies: ${anomaliesOf(summary)}`,
      ...(board.parts[part] ?? []).flatMap(examplesOf),
    ];
  }).join("\n");
}

/** The last run of each, and what it found: nothing else, for whoever sees the end of a log alone. */
export function failuresOf(
  board: Scoreboard,
  failed: readonly { part: string; seed: number }[],
): string {
  return failed.flatMap(({ part, seed }) => {
    const run = lastRun(board, part, seed);
    return [`${part} FAILED`, ...(run ? examplesOf(run) : ["      it came to no run"])];
  }).join("\n");
}

function isOverLimits(run: Run): boolean {
  return !hasPassed(run) && hasPassed(run, { untimed: true });
}

function verdictOf(failed: number, over: number): string {
  const found = [[failed, "FAILED"], [over, "over limits"]] as const;
  return found.flatMap(([n, word]) => n > 0 ? [`${n} ${word}`] : []).join(", ") || "passed";
}

function examplesOf({ seed, anomalies, failure }: Run): string[] {
  const found = anomalies.flatMap(({ name, examples }) => {
    const told = examples.length > 0 ? examples.slice(0, EXAMPLES) : ["?"];
    return told.map((example) => `${name}: ${example}`);
  });
  const said = failure === undefined ? found : [...found, `error: ${failure}`];
  return said.map((words) => `      seed ${seed}: ${words.split("\n")[0]}`);
}

export function markdownTable(board: Scoreboard, order: readonly string[]): string {
  const summaries = summariesOf(board, order);
  if (summaries.length === 0) return "There are no runs yet.";
  const rows = summaries.map((summary) => [
    `\`${summary.part}\``,
    String(summary.runs),
    String(summary.failed),
    minutes(summary.ms),
    figuresOf(summary).join(", "),
    anomaliesOf(summary),
  ]);
  const conditions = Object.entries(conditionsOf(board)).map(([name, all]) => `- ${name}: ${all}`);
  return [
    ...aligned([["part", "runs", "failed", "time", "figures", "anomalies"], ...rows]),
    "",
    "Sums of all runs; p50, p99 and max are those of the worst run. Conditions:",
    "",
    ...conditions,
  ].join("\n");
}

/** `send_again_p99_ms` → `send again p99 12 ms`. */
function figuresOf({ figures }: Summary): string[] {
  return Object.entries(figures).map(([name, value]) => {
    const [, words, unit = ""] = /^(.*?)(?:_(ms|s|mib|per_s))?$/.exec(name)!;
    const shown = { ms: " ms", s: " s", mib: " MiB", per_s: "/s", "": "" }[unit];
    return `${words!.replaceAll("_", " ")} ${number(value)}${shown}`;
  });
}

function anomaliesOf({ anomalies }: Summary): string {
  const found = Object.entries(anomalies);
  return found.length === 0 ? "0" : found.map(([name, n]) => `${name} ${number(n)}`).join(", ");
}

function number(value: number): string {
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(4));
  return rounded.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

function minutes(ms: number): string {
  const s = Math.round(ms / 1000);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

function times(n: number): string {
  return n === 1 ? "1 run" : `${n} runs`;
}

/** As the formatter of the project writes a table. */
function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(3, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[], fill = " ") =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!, fill)).join(" | ")} |`;
  const [head, ...body] = rows;
  return [line(head!), line(head!.map(() => ""), "-"), ...body.map((row) => line(row))];
}

function wrapped(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 2 <= width) {
      lines[lines.length - 1] = `${last}, ${word}`;
    } else lines.push(`    ${word}`);
  }
  return lines;
}
