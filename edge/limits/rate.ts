/**
 * How often one key may do something: a rate with bursts.
 *
 * Invariant: in any time `t` a key is admitted at most `burst + perS × t` times. A key costs one
 * number, and nothing once it has been quiet. Knows nothing of what is limited.
 *
 * @module
 */

export interface Rate {
  /** 0: no limit. */
  perS: number;
  burst: number;
}

export class RateLimiter<Key> {
  readonly #stepMs: number;
  readonly #toleranceMs: number;
  /** For each key the time by which everything it was admitted for is paid off. */
  readonly #paidOffMs = new Map<Key, number>();

  constructor({ perS, burst }: Rate) {
    this.#stepMs = perS > 0 ? 1000 / perS : 0;
    this.#toleranceMs = (burst - 1) * this.#stepMs;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#paidOffMs.size;
  }

  /** Whether `key` may do it once more now. */
  admit(key: Key, nowMs: number): boolean {
    if (this.#stepMs === 0) return true;
    const paidOffMs = Math.max(this.#paidOffMs.get(key) ?? 0, nowMs);
    if (paidOffMs - nowMs > this.#toleranceMs) return false;
    this.#paidOffMs.set(key, paidOffMs + this.#stepMs);
    return true;
  }

  /** Forgets keys whose full burst is theirs again. To be called every few seconds. */
  prune(nowMs: number): void {
    for (const [key, paidOffMs] of this.#paidOffMs) {
      if (paidOffMs <= nowMs) this.#paidOffMs.delete(key);
    }
  }
}
