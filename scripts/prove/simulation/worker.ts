/**
 * A thread that runs the seeds that it is sent.
 *
 * Invariant: it answers each message with one, in order, and keeps nothing from one seed to the next
 * but what cannot change a run.
 *
 * @module
 */

import { inOwnTurn } from "./model/microtasks.ts";
import { StatementFinder } from "./model/postgres/query.ts";
import { run } from "./run.ts";

/** Seeds from `from` to `upto`, both included. */
export interface Batch {
  from: number;
  upto: number;
}

export interface BatchDone {
  seeds: number;
  steps: number;
  faults: number;
  counts: [kind: string, count: number][];
  /** The first that failed; the seeds behind it were not run. */
  failed?: { seed: number; violation: string };
}

// Many errors are made that are part of the game, and their stacks are read by nobody.
Error.stackTraceLimit = 0;

const finder = new StatementFinder();
const rejections: unknown[] = [];

async function runBatch({ from, upto }: Batch): Promise<BatchDone> {
  const counts = new Map<string, number>();
  const done = { seeds: 0, steps: 0, faults: 0 };
  for (let seed = from; seed <= upto; seed++) {
    const result = await inOwnTurn(() => run(seed, { finder }));
    done.seeds++;
    done.steps += result.steps;
    done.faults += result.faults;
    for (const [kind, count] of result.counts) counts.set(kind, (counts.get(kind) ?? 0) + count);
    const violation = result.violation ?? unheard();
    if (violation !== undefined) {
      return { ...done, counts: [...counts], failed: { seed, violation } };
    }
  }
  return { ...done, counts: [...counts] };
}

/** A promise of ours was rejected, and nobody took notice: in production that ends the process. */
function unheard(): string | undefined {
  const [reason] = rejections.splice(0);
  if (reason === undefined) return;
  return `a rejection went unheard: ${reason instanceof Error ? reason.stack : reason}`;
}

self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  rejections.push(event.reason);
});
const thread = self as unknown as {
  onmessage: (event: MessageEvent<Batch>) => void;
  postMessage(done: BatchDone): void;
};
thread.onmessage = async ({ data }) => thread.postMessage(await runBatch(data));
