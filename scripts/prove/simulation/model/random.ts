/**
 * Randomness that a seed gives again.
 *
 * Invariant: what is drawn depends on the last seed and on the draws since, and on nothing else.
 *
 * @module
 */

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Starts anew: a schedule gives each of its choices a seed, so that it stands for itself. */
  reseed(seed: number): void {
    this.#state = seed | 0;
  }

  /** In [0, 1): mulberry32. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** In [0, below). */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** @throws {RangeError} When there is nothing to pick from. */
  pick<Item>(from: readonly Item[]): Item {
    if (from.length === 0) throw new RangeError("Cannot pick from nothing");
    return from[this.int(from.length)]!;
  }
}
