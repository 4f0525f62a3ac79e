/**
 * Runs a judge in a copy of the project.
 *
 * Invariant: it ends by its deadline, and what the judge started ends with it. A judge that is red
 * without saying what was expected has not found the plant.
 *
 * @module
 */

import { startProcess } from "../../services/process.ts";
import type { Copy } from "./copy.ts";
import type { Judge } from "./judge.ts";

export interface Verdict {
  judge: Judge;
  /**
   * - `green`: it found nothing;
   * - `found`: it said what was expected;
   * - `other`: it failed, and said something else;
   * - `hung`: it did not end in time.
   */
  outcome: "green" | "found" | "other" | "hung";
  ms: number;
  /** What it said that was expected, or its last lines. */
  words: string;
}

const LAST_LINES = 12;

/** @throws The reason of the signal. */
export async function runJudge(
  judge: Judge,
  copy: Copy,
  { says, signal }: { says?: RegExp; signal: AbortSignal },
): Promise<Verdict> {
  const startMs = performance.now();
  const logFile = await Deno.makeTempFile({ dir: copy.path, suffix: ".log" });
  await using process = startProcess(Deno.execPath(), {
    name: judge.id,
    args: [...judge.args],
    cwd: copy.path,
    env: { NO_COLOR: "1", ...judge.env },
    logFile,
  });
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, judge.withinMs);
  const aborted = () => over.resolve();
  signal.addEventListener("abort", aborted);
  const status = await Promise.race([process.status, over.promise]);
  clearTimeout(timer);
  signal.removeEventListener("abort", aborted);
  signal.throwIfAborted();
  const ms = Math.round(performance.now() - startMs);
  const said = await Deno.readTextFile(logFile);
  if (!status) return { judge, outcome: "hung", ms, words: lastLines(said) };
  if (status.code === 0) return { judge, outcome: "green", ms, words: lastLines(said) };
  const found = says && said.split("\n").find((line) => says.test(line));
  if (found === undefined) return { judge, outcome: "other", ms, words: lastLines(said) };
  return { judge, outcome: "found", ms, words: found.trim() };
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
}
