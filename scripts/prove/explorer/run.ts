/**
 * Running one configuration, and saying what came of it.
 *
 * Invariant: a run is good when nothing was found that should not be, everything that should was,
 * and the tables agree with the code on random walks. A run that was cut is never called complete.
 *
 * @module
 */

import type { Configuration } from "./configurations.ts";
import { search } from "./engine/search.ts";

export interface Outcome {
  readonly name: string;
  readonly states: number;
  readonly steps: number;
  readonly depth: number;
  readonly complete: boolean;
  /** The fault and the way to it, when there is one. */
  readonly found: { fault: string; trace: string[] } | undefined;
  /** In words; `undefined`: all is as it should be. */
  readonly problem: string | undefined;
  readonly entries: number;
  readonly ms: number;
}

export interface RunOptions {
  maxStates: number;
  signal?: AbortSignal;
  random(): number;
  nowMs(): number;
}

/** Walks on each table beside the code: in a world that holds, and in one that is broken. */
const WALKS = { whole: 200, broken: 20 };
const WALK_STEPS = 60;

export async function run(configuration: Configuration, options: RunOptions): Promise<Outcome> {
  const { name, cycles = false, finds } = configuration;
  const { maxStates, signal, nowMs } = options;
  const startMs = nowMs();
  const model = configuration.create();
  const result = await search(model, {
    ...{ maxStates, cycles, faults: finds ?? "" },
    ...(signal && { signal }),
  });
  const { states, steps, depth, complete, found } = result;
  const walks = finds === undefined ? WALKS.whole : WALKS.broken;
  const doubt = await disagreement(model, walks, options.random);
  const problem = doubt ?? problemOf(found?.fault, finds);
  const entries = model.machines.reduce((sum, each) => sum + each.entries, 0);
  return { name, states, steps, depth, complete, found, problem, entries, ms: nowMs() - startMs };
}

export function sentenceOf(outcome: Outcome): string {
  const { name, states, steps, depth, complete, found, problem, entries, ms } = outcome;
  const result = found?.fault ?? (complete ? "holds" : "NOTHING FOUND, BUT CUT");
  const sizes = `${states} states, ${steps} steps, depth ${depth}, ${entries} runs of the code`;
  const seconds = (ms / 1000).toFixed(1);
  const text = `${name} | ${result} | ${sizes}, ${seconds} s`;
  return problem === undefined ? text : `${text} | PROBLEM: ${problem}`;
}

function problemOf(fault: string | undefined, finds: string | undefined): string | undefined {
  if (finds === undefined) return fault && "a rule does not hold";
  if (fault === undefined) return `the broken rule was not found: ${finds}`;
}

async function disagreement(
  { machines }: ReturnType<Configuration["create"]>,
  walks: number,
  random: () => number,
): Promise<string | undefined> {
  for (const machine of machines) {
    for (let walk = 0; walk < walks; walk++) {
      const found = await machine.disagreement(WALK_STEPS, random);
      if (found) return `a table does not do what the code does: ${JSON.stringify(found)}`;
    }
  }
}
