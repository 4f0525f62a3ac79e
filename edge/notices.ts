/**
 * What an edge says in its log of trouble that may come a thousand times a second.
 *
 * Invariant: the same words are logged at most once in `QUIET_MS`, and of different ones at most
 * `MAX_WORDS`, for some name a topic; counting is for the metrics.
 *
 * @module
 */

import type { Log } from "shared/log.ts";
import { RateLimiter } from "./limits/rate.ts";

const QUIET_MS = 30_000;
export const MAX_WORDS = 1_000;

export class Notices {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #said = new RateLimiter<string>({ perS: 1000 / QUIET_MS, burst: 1 });

  constructor({ log, now }: { log: Log; now(): number }) {
    this.#log = log;
    this.#now = now;
  }

  /** How many different words were said lately. */
  get size(): number {
    return this.#said.size;
  }

  /** Trouble that we get over by ourselves. */
  warn(words: string, error?: unknown): void {
    if (this.#mayBeSaid(words)) this.#log.warning(words, fieldsOf(error));
  }

  /** A fault of ours. */
  fail(words: string, error: unknown): void {
    if (this.#mayBeSaid(words)) this.#log.error(words, fieldsOf(error));
  }

  #mayBeSaid(words: string): boolean {
    const nowMs = this.#now();
    if (this.#said.size >= MAX_WORDS) this.#said.prune(nowMs);
    return this.#said.size < MAX_WORDS && this.#said.admit(words, nowMs);
  }
}

function fieldsOf(error: unknown): { error?: Error } {
  if (error === undefined) return {};
  return { error: error instanceof Error ? error : new Error(String(error)) };
}
