/**
 * Running many seeds on several threads, until one fails or all are done.
 *
 * Invariant: what is counted are whole runs. Of several failures the lowest seed is told, so that a
 * search of the same seeds tells the same.
 *
 * @module
 */

import { Coverage } from "./coverage.ts";
import type { Batch, BatchDone } from "./worker.ts";

export interface SearchOptions {
  from: number;
  seeds: number;
  threads: number;
  signal?: AbortSignal;
  /** After every batch. */
  onProgress?(done: { seeds: number }): void;
}

export interface Search {
  seeds: number;
  steps: number;
  faults: number;
  coverage: Coverage;
  failed: { seed: number; violation: string } | undefined;
}

const SEEDS_PER_BATCH = 25;

/** @throws {Error} When a thread dies, and on abort. */
export async function search(options: SearchOptions): Promise<Search> {
  const { from, seeds, threads, signal, onProgress } = options;
  const found: Search = {
    seeds: 0,
    steps: 0,
    faults: 0,
    coverage: new Coverage(),
    failed: undefined,
  };
  let next = from;
  const last = from + seeds - 1;
  const take = (): Batch | undefined => {
    signal?.throwIfAborted();
    // What lies behind a failure cannot be the first.
    if (next > last || found.failed) return;
    const batch = { from: next, upto: Math.min(next + SEEDS_PER_BATCH - 1, last) };
    next = batch.upto + 1;
    return batch;
  };
  const add = (done: BatchDone) => {
    found.seeds += done.seeds;
    found.steps += done.steps;
    found.faults += done.faults;
    found.coverage.add(done.counts);
    if (done.failed && !(found.failed && found.failed.seed < done.failed.seed)) {
      found.failed = done.failed;
    }
    onProgress?.(found);
  };
  const count = Math.max(1, Math.min(threads, Math.ceil(seeds / SEEDS_PER_BATCH)));
  await Promise.all(Array.from({ length: count }, () => work(take, add)));
  return found;
}

async function work(take: () => Batch | undefined, add: (done: BatchDone) => void): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  try {
    for (let batch; (batch = take());) add(await ask(worker, batch));
  } finally {
    worker.terminate();
  }
}

function ask(worker: Worker, batch: Batch): Promise<BatchDone> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<BatchDone>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`Cannot run seeds ${batch.from} to ${batch.upto}: ${event.message}`));
    };
    worker.postMessage(batch);
  });
}
