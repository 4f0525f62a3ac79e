/**
 * Which holders hold which hashes: a multimap in flat arrays, made for millions of pairs.
 *
 * Invariant: a pair takes 8 bytes and a hash 12; of all that about half at most lies free or dead.
 * No object is made for either. Knows nothing of topics.
 *
 * Pairs are appended and never moved. One that was taken, or whose holder was dropped, lies dead
 * until everything is built anew.
 *
 * @module
 */

import type { TopicHash } from "./topic_hash.ts";

/** Pairs, and slots for hashes, that there is room for from the beginning: 5 KB. */
const LEAST = 256;
/** Room that is made, as a multiple of what is taken. */
const ROOM = { pairs: 1.25, slots: 1.6 };
/** Beyond, it takes too long to find that a hash is not there. */
const MAX_LOAD = 0.8;
const MAX_DEAD = 0.4;
/** Where a chain of pairs ends. */
const END = 0xffff_ffff;

interface Arrays {
  /** Open addressing: two words a slot. */
  hashes: Uint32Array;
  /** For each slot its first pair, counted from 1; 0: the slot is free. */
  chains: Uint32Array;
  /** For each pair the number of its holder, and the next pair of its hash. */
  owners: Uint32Array;
  nexts: Uint32Array;
}

export class Holders<Holder extends object | string> implements Iterable<[TopicHash, Holder]> {
  #arrays = arraysFor(0, 0);
  #slotsTaken = 0;
  #pairsTaken = 0;
  #alive = 0;
  /** By number; a number whose holder was dropped has none. */
  #holders: (Holder | undefined)[] = [];
  /** How many pairs each number has. */
  #counts: number[] = [];
  readonly #numbers = new Map<Holder, number>();

  /** How many pairs there are. */
  get size(): number {
    return this.#alive;
  }

  get bytes(): number {
    return Object.values(this.#arrays).reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** `holder` must not hold it yet. */
  add(hash: TopicHash, holder: Holder): void {
    const { owners, chains } = this.#arrays;
    const isFull = this.#pairsTaken === owners.length ||
      this.#slotsTaken >= chains.length * MAX_LOAD;
    if (isFull) this.#rebuild();
    this.#append(hash, holder);
  }

  has(hash: TopicHash): boolean {
    if (this.#alive === 0) return false;
    const { chains, owners, nexts } = this.#arrays;
    let pair = chains[this.#find(hash)] || END;
    while (pair !== END && !this.#holders[owners[pair - 1]!]) pair = nexts[pair - 1]!;
    return pair !== END;
  }

  /** All who hold it: they do so no longer. */
  take(hash: TopicHash): Holder[] {
    const { chains, owners, nexts } = this.#arrays;
    const taken: Holder[] = [];
    const slot = this.#find(hash);
    for (let pair = chains[slot] || END; pair !== END; pair = nexts[pair - 1]!) {
      const number = owners[pair - 1]!;
      const holder = this.#holders[number];
      if (!holder) continue;
      taken.push(holder);
      this.#counts[number]!--;
    }
    if (chains[slot] !== 0) chains[slot] = END;
    this.#bury(taken.length);
    return taken;
  }

  /** The holder holds nothing any more. */
  drop(holder: Holder): void {
    const number = this.#numbers.get(holder);
    if (number === undefined) return;
    this.#numbers.delete(holder);
    this.#holders[number] = undefined;
    this.#bury(this.#counts[number]!);
  }

  [Symbol.iterator](): Iterator<[TopicHash, Holder]> {
    return pairsOf(this.#arrays, this.#holders);
  }

  /** The slot of the hash, or the free one that it would get. */
  #find({ low, high }: TopicHash): number {
    const { hashes, chains } = this.#arrays;
    const slots = chains.length;
    for (let slot = low % slots;; slot = slot + 1 === slots ? 0 : slot + 1) {
      if (chains[slot] === 0) return slot;
      if (hashes[2 * slot] === low && hashes[2 * slot + 1] === high) return slot;
    }
  }

  #append(hash: TopicHash, holder: Holder): void {
    const { hashes, chains, owners, nexts } = this.#arrays;
    const slot = this.#find(hash);
    if (chains[slot] === 0) {
      this.#slotsTaken++;
      hashes[2 * slot] = hash.low;
      hashes[2 * slot + 1] = hash.high;
    }
    const number = this.#numberOf(holder);
    this.#counts[number]!++;
    this.#alive++;
    owners[this.#pairsTaken] = number;
    nexts[this.#pairsTaken] = chains[slot] || END;
    chains[slot] = ++this.#pairsTaken;
  }

  #numberOf(holder: Holder): number {
    const known = this.#numbers.get(holder);
    if (known !== undefined) return known;
    const number = this.#holders.push(holder) - 1;
    this.#counts.push(0);
    this.#numbers.set(holder, number);
    return number;
  }

  #bury(pairs: number): void {
    this.#alive -= pairs;
    const dead = this.#pairsTaken - this.#alive;
    if (dead > LEAST && dead > this.#pairsTaken * MAX_DEAD) this.#rebuild();
  }

  #rebuild(): void {
    const pairs = pairsOf(this.#arrays, this.#holders);
    this.#arrays = arraysFor(this.#alive, Math.min(this.#slotsTaken, this.#alive));
    this.#slotsTaken = this.#pairsTaken = this.#alive = 0;
    this.#holders = [];
    this.#counts = [];
    this.#numbers.clear();
    for (const [hash, holder] of pairs) this.#append(hash, holder);
  }
}

function* pairsOf<Holder>(
  { hashes, chains, owners, nexts }: Arrays,
  holders: readonly (Holder | undefined)[],
): Generator<[TopicHash, Holder]> {
  for (let slot = 0; slot < chains.length; slot++) {
    const hash = { low: hashes[2 * slot]!, high: hashes[2 * slot + 1]! };
    for (let pair = chains[slot] || END; pair !== END; pair = nexts[pair - 1]!) {
      const holder = holders[owners[pair - 1]!];
      if (holder !== undefined) yield [hash, holder];
    }
  }
}

function arraysFor(pairs: number, hashes: number): Arrays {
  const pairRoom = LEAST + Math.ceil(pairs * ROOM.pairs);
  const slots = LEAST + Math.ceil(hashes * ROOM.slots);
  return {
    hashes: new Uint32Array(2 * slots),
    chains: new Uint32Array(slots),
    owners: new Uint32Array(pairRoom),
    nexts: new Uint32Array(pairRoom),
  };
}
