/**
 * How often something may be done: a rate with bursts, for one or for each of many keys.
 *
 * Invariant: in any time `t` what is admitted costs at most `burst + perS × t`. It takes one number
 * of memory, for a key only while it is not quiet; and asking costs the same, whatever the answer.
 * Knows nothing of what is limited.
 *
 * @module
 */

export interface Rate {
  /** 0: no limit. */
  perS: number;
  burst: number;
}

/** A rate of one. */
export class Bucket {
  readonly #rate: Rate;
  #paidOffMs = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Whether it may be done now; `cost` is what it counts for. */
  admit(nowMs: number, cost = 1): boolean {
    if (this.#rate.perS === 0) return true;
    const paidOffMs = pay(this.#rate, this.#paidOffMs, nowMs, cost);
    this.#paidOffMs = paidOffMs ?? this.#paidOffMs;
    return paidOffMs !== undefined;
  }
}

/** The same rate for each key by itself. */
export class RateLimiter<Key> {
  readonly #rate: Rate;
  /** For each key the time by which everything it was admitted for is paid off. */
  readonly #paidOffMs = new Map<Key, number>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#paidOffMs.size;
  }

  /** Whether `key` may do it once more now; `cost` is what it counts for. */
  admit(key: Key, nowMs: number, cost = 1): boolean {
    if (this.#rate.perS === 0) return true;
    const paidOffMs = pay(this.#rate, this.#paidOffMs.get(key) ?? 0, nowMs, cost);
    if (paidOffMs === undefined) return false;
    this.#paidOffMs.set(key, paidOffMs);
    return true;
  }

  /** Forgets keys whose full burst is theirs again. To be called every few seconds. */
  prune(nowMs: number): void {
    for (const [key, paidOffMs] of this.#paidOffMs) {
      if (paidOffMs <= nowMs) this.#paidOffMs.delete(key);
    }
  }
}

/** Sums of times are rounded: what is allowed to the last millionth is allowed. */
const ROUNDING = 1e-6;

/** When it would be paid off with this on top; `undefined`: later than the burst allows. */
function pay({ perS, burst }: Rate, paidOffMs: number, nowMs: number, cost: number) {
  const stepMs = 1000 / perS;
  const fromMs = Math.max(paidOffMs, nowMs);
  if (fromMs - nowMs > (burst - cost + ROUNDING) * stepMs) return;
  return fromMs + cost * stepMs;
}
