/**
 * A set that remembers its newest members and forgets the rest.
 *
 * Invariant: it remembers at least the last `most` and at most twice as many. Two generations: a
 * set that forgot its first member at each addition would be slow. Pure.
 *
 * @module
 */

export class Recent<Item> {
  readonly #most: number;
  #newer = new Set<Item>();
  #older = new Set<Item>();

  constructor(most: number) {
    this.#most = most;
  }

  add(item: Item): void {
    if (this.#newer.size === this.#most) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    this.#newer.add(item);
  }

  toString(): string {
    return [...this.#newer, ...this.#older].join();
  }

  /** Whether it was remembered; it is forgotten then. */
  take(item: Item): boolean {
    return this.#newer.delete(item) || this.#older.delete(item);
  }
}
