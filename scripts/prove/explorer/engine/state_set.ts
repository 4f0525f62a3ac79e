/**
 * All states that were seen, each once, with the one that it was first reached from.
 *
 * Invariant: membership is exact: states are compared word by word, never by a hash alone. They are
 * numbered in the order in which they came, which breadth-first is the order of their distance.
 *
 * @module
 */

const FIRST_CAPACITY = 1 << 12;

export class StateSet {
  readonly #words: number;
  #states: Int32Array<ArrayBuffer>;
  #parents: Int32Array<ArrayBuffer>;
  /** Open addressing: the number of a state plus one. */
  #slots: Int32Array<ArrayBuffer>;
  #size = 0;

  constructor(words: number) {
    this.#words = words;
    this.#states = new Int32Array(FIRST_CAPACITY * words);
    this.#parents = new Int32Array(FIRST_CAPACITY);
    this.#slots = new Int32Array(FIRST_CAPACITY * 2);
  }

  get size(): number {
    return this.#size;
  }

  /** The words of all states, one after the other. */
  get states(): Int32Array {
    return this.#states;
  }

  /** -1 for the first. */
  parent(state: number): number {
    return this.#parents[state]!;
  }

  /** The number of a state, and whether it is new: then it is negative, minus one. */
  add(state: Int32Array, parent: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(state, 0) & mask;
    for (let known; (known = this.#slots[slot]!) !== 0; slot = (slot + 1) & mask) {
      if (this.#equals(known - 1, state)) return known - 1;
    }
    const number = this.#size++;
    this.#slots[slot] = number + 1;
    this.#states.set(state, number * this.#words);
    this.#parents[number] = parent;
    if (this.#size === this.#parents.length) this.#grow();
    return -number - 1;
  }

  #equals(number: number, state: Int32Array): boolean {
    const at = number * this.#words;
    for (let i = 0; i < this.#words; i++) if (this.#states[at + i] !== state[i]) return false;
    return true;
  }

  #hash(words: Int32Array, at: number): number {
    let hash = 0x9747b28c;
    for (let i = 0; i < this.#words; i++) {
      hash = Math.imul(hash ^ words[at + i]!, 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  #grow(): void {
    const capacity = this.#parents.length * 2;
    this.#states = larger(this.#states, capacity * this.#words);
    this.#parents = larger(this.#parents, capacity);
    this.#slots = new Int32Array(capacity * 2);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      let slot = this.#hash(this.#states, number * this.#words) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }
}

function larger(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length);
  copy.set(array);
  return copy;
}
