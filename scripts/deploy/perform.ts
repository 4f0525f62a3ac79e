/**
 * Performing a plan: one step after the other, until one fails.
 *
 * Invariant: a step begins when the one before it is done, none after one that failed, and what came of
 * each is told. Knows nothing of what a step does.
 *
 * @module
 */

import type { Step, StepName } from "./plan.ts";

/** Performs a step; resolves to what came of it, in words. */
export type Work = () => Promise<string>;

export interface Done {
  name: StepName;
  ms: number;
  /** What came of it. */
  says: string;
}

export interface Failed {
  name: StepName;
  ms: number;
  why: string;
}

export interface Performed {
  done: Done[];
  failed?: Failed;
}

export interface PerformOptions {
  work: Readonly<Record<StepName, Work>>;
  begin(step: StepName): void;
  end(done: Done): void;
  fail(failed: Failed): void;
  /** Monotonic. */
  elapsedMs(): number;
  /** Once aborted no other step begins. */
  signal: AbortSignal;
}

export async function performSteps(
  steps: readonly Step[],
  options: PerformOptions,
): Promise<Performed> {
  const done: Done[] = [];
  for (const { name } of steps) {
    options.begin(name);
    const startMs = options.elapsedMs();
    try {
      options.signal.throwIfAborted();
      const says = await options.work[name]();
      done.push({ name, says, ms: options.elapsedMs() - startMs });
      options.end(done.at(-1)!);
    } catch (error) {
      const failed = { name, why: wordsOf(error), ms: options.elapsedMs() - startMs };
      options.fail(failed);
      return { done, failed };
    }
  }
  return { done };
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
