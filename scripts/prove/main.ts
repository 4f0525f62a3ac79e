/**
 * `deno task prove`: everything that is promised, tried under faults.
 *
 * Invariant: each run that ends is on the scoreboard before another starts in its place, so nothing
 * is lost when a long proof is interrupted.
 *
 * @module
 */

import { CommandFailed, runCommand } from "../cli/run.ts";
import { conditionsHere } from "./conditions.ts";
import { type Due, dueRuns, packed, runAndJudge } from "./lane.ts";
import { listOf } from "./list.ts";
import { AT_ONCE, CACHE, proveCommand, type ProveOptions } from "./options.ts";
import { runInOwnProcess } from "./own_process.ts";
import type { Part } from "./part.ts";
import { PARTS } from "./parts.ts";
import { type Finished, runPart } from "./run_part.ts";
import { EMPTY, hasPassed, lastRun, mayBeOfTime } from "./scoreboard.ts";
import { addToScoreboard, readScoreboard } from "./scoreboard_file.ts";
import { failuresOf, markdownTable, terminalTable } from "./scoreboard_table.ts";

const INTERRUPTED = 130;
const SEEDS = 1_000_000;
const ORDER = PARTS.map(({ name }) => name);
const SHORT_LANE = PARTS.filter(({ long }) => !long);

const print = (line: string) => console.log(line);
const tell = (line: string) => console.error(line);

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => {
    // Whoever asks twice does not want to wait: what was started ends by itself when this does.
    if (interrupted.signal.aborted) Deno.exit(INTERRUPTED);
    interrupted.abort(new CommandFailed(`interrupted by ${signal}`));
  });
}

const rejections: unknown[] = [];
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  rejections.push(event.reason);
});

const command = proveCommand(PARTS).action(async (options: ProveOptions) => {
  if (options.list) {
    print(listOf(PARTS));
  } else if (options.markdown) {
    const board = await readScoreboard(options.scoreboard);
    if (board) return print(markdownTable(board, ORDER));
    const why = `there is no "${options.scoreboard}", for nothing has been run into it yet`;
    throw new CommandFailed(`Cannot show the scoreboard: ${why}`);
  } else await prove(options);
});

async function prove(options: ProveOptions): Promise<void> {
  const { part: chosen = SHORT_LANE, times, scoreboard, json, untimed = false } = options;
  const atOnce = options.atOnce ?? (options.part ? 1 : AT_ONCE);
  const seed = options.seed ?? Math.floor(Math.random() * SEEDS);
  const due = dueRuns(atOnce > 1 ? packed(chosen) : chosen, times, seed);
  const run = due.length === 1 || atOnce === 1
    ? await runHere({ ...options, atOnce })
    : (one: Due) =>
      runInOwnProcess(one, {
        ...{ scoreboard, atOnce, untimed, tell, signal: interrupted.signal },
        print: json ? print : () => {},
      });
  const failed = await runAndJudge(due, atOnce, async (one, isLastTry) => {
    if (await run(one)) return "passed";
    if (!untimed || isLastTry || !await mayHaveBeenBusy(one, scoreboard)) return "failed";
    tell(`${one.part.name}: a busy machine may do this: it is tried again, with nothing beside it`);
    return "again";
  });
  // Whoever reads JSON reads nothing else.
  if (json) return end(failed.length);
  const board = await readScoreboard(scoreboard) ?? EMPTY;
  tell(`\n${terminalTable(board, ORDER)}\n`);
  if (failed.length > 0) {
    tell(`${failuresOf(board, failed.map(({ part, seed }) => ({ part: part.name, seed })))}\n`);
  }
  print(`prove: ${due.length - failed.length} passed, ${failed.length} failed`);
  end(failed.length);
}

async function mayHaveBeenBusy({ part, seed }: Due, scoreboard: string): Promise<boolean> {
  const run = lastRun(await readScoreboard(scoreboard) ?? EMPTY, part.name, seed);
  return run !== undefined && mayBeOfTime(run);
}

/** The last line has said it: an error's message after it would be read instead. */
function end(failed: number): void {
  if (failed > 0) Deno.exitCode = 1;
}

async function runHere(
  { scoreboard, atOnce, json, untimed = false }: ProveOptions & { atOnce: number },
): Promise<(one: Due) => Promise<boolean>> {
  const conditions = { ...await conditionsHere(), parts_at_once: atOnce };
  return async ({ part, seed }) => {
    tell(`${part.name}: ${part.about} (seed ${seed})`);
    const finished = await runPart(part, {
      seed,
      report: (line) => tell(`  ${line}`),
      signal: interrupted.signal,
      cache: CACHE,
      conditions,
      strays: () => rejections.splice(0),
    });
    await addToScoreboard(scoreboard, part.name, finished.run);
    if (json) print(JSON.stringify({ part: part.name, ...finished.run }));
    const passed = hasPassed(finished.run, { untimed });
    sayHow(part, finished, passed);
    return passed;
  };
}

function sayHow(part: Part, { run, kept }: Finished, passed: boolean): void {
  const seconds = Math.round(run.ms / 1000);
  if (hasPassed(run)) return tell(`  passed in ${seconds} s`);
  for (const { name, count, examples } of run.anomalies) {
    tell(`  ANOMALY ${name}, ${count} times:`);
    for (const example of examples.slice(0, 5)) tell(`    ${example}`);
  }
  if (run.failure !== undefined) tell(`  ERROR ${run.failure.replaceAll("\n", "\n    ")}`);
  const verdict = passed ? "passed over its limits" : "FAILED";
  tell(`  ${verdict} after ${seconds} s; what happened is in ${kept}`);
  const how = part.replays ? "the very same" : "the same load and faults; their timing is another";
  tell(`  again: deno task prove --part ${part.name} --seed ${run.seed}  (${how})`);
}

const code = await runCommand(command, Deno.args, { print, tell });
Deno.exit(interrupted.signal.aborted ? INTERRUPTED : code || Deno.exitCode);
