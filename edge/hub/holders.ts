/**
 * Which holders hold which hashes: a multimap in flat arrays, made for millions of pairs.
 *
 * Invariant: a pair takes 8 bytes and a hash 12; of all that about half at most lies free or dead.
 * No object is made for either. Knows nothing of topics.
 *
 * The pairs of a hash are a chain. They are appended and never moved; one that was taken, or whose
 * holder was dropped, lies dead until there are so many that the living are copied together.
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
/** Where a chain ends. */
const END = 0xffff_ffff;

export class Holders<Holder extends object | string> implements Iterable<[TopicHash, Holder]> {
  /** Open addressing, two words a slot. */
  #hashes = new Uint32Array(2 * LEAST);
  /** For each slot its first pair, counted from 1; 0: the slot is free. */
  #chains = new Uint32Array(LEAST);
  #slotsTaken = 0;
  /** For each pair the number of its holder, and the next pair of its hash. */
  #owners = new Uint32Array(LEAST);
  #nexts = new Uint32Array(LEAST);
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
    const arrays = [this.#hashes, this.#chains, this.#owners, this.#nexts];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  *[Symbol.iterator](): Iterator<[TopicHash, Holder]> {
    for (let slot = 0; slot < this.#chains.length; slot++) {
      const hash = { low: this.#hashes[2 * slot]!, high: this.#hashes[2 * slot + 1]! };
      for (let pair = this.#first(slot); pair !== END; pair = this.#nexts[pair - 1]!) {
        const holder = this.#holderOf(pair);
        if (holder !== undefined) yield [hash, holder];
      }
    }
  }

  /** `holder` must not hold it yet. */
  add(hash: TopicHash, holder: Holder): void {
    if (this.#pairsTaken === this.#owners.length) this.#growPairs();
    if (this.#slotsTaken >= this.#chains.length * MAX_LOAD) this.#rebuildSlots();
    const slot = this.#find(hash);
    const number = this.#numberOf(holder);
    this.#owners[this.#pairsTaken] = number;
    this.#nexts[this.#pairsTaken] = this.#first(slot);
    if (this.#chains[slot] === 0) this.#takeSlot(slot, hash);
    this.#chains[slot] = ++this.#pairsTaken;
    this.#counts[number]!++;
    this.#alive++;
  }

  has(hash: TopicHash): boolean {
    let pair = this.#first(this.#find(hash));
    while (pair !== END && this.#holderOf(pair) === undefined) pair = this.#nexts[pair - 1]!;
    return pair !== END;
  }

  /** All who hold it: they do so no longer. */
  take(hash: TopicHash): Holder[] {
    const taken: Holder[] = [];
    const slot = this.#find(hash);
    for (let pair = this.#first(slot); pair !== END; pair = this.#nexts[pair - 1]!) {
      const holder = this.#holderOf(pair);
      if (holder === undefined) continue;
      taken.push(holder);
      this.#counts[this.#owners[pair - 1]!]!--;
    }
    if (this.#chains[slot] !== 0) this.#chains[slot] = END;
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

  /** The slot of the hash, or the free one that it would get. */
  #find({ low, high }: TopicHash): number {
    const hashes = this.#hashes, chains = this.#chains, slots = chains.length;
    for (let slot = low % slots;; slot = slot + 1 === slots ? 0 : slot + 1) {
      if (chains[slot] === 0) return slot;
      if (hashes[2 * slot] === low && hashes[2 * slot + 1] === high) return slot;
    }
  }

  #first(slot: number): number {
    return this.#chains[slot] || END;
  }

  #holderOf(pair: number): Holder | undefined {
    return this.#holders[this.#owners[pair - 1]!];
  }

  #takeSlot(slot: number, { low, high }: TopicHash): void {
    this.#hashes[2 * slot] = low;
    this.#hashes[2 * slot + 1] = high;
    this.#slotsTaken++;
  }

  #numberOf(holder: Holder): number {
    const known = this.#numbers.get(holder);
    if (known !== undefined) return known;
    const number = this.#holders.push(holder) - 1;
    this.#counts.push(0);
    this.#numbers.set(holder, number);
    return number;
  }

  #growPairs(): void {
    const room = LEAST + Math.ceil(this.#pairsTaken * ROOM.pairs);
    this.#owners = copyOf(this.#owners, room);
    this.#nexts = copyOf(this.#nexts, room);
  }

  /** With room for more, and without those whose chain is empty. */
  #rebuildSlots(): void {
    const hashes = this.#hashes, chains = this.#chains;
    const isTaken = (chain: number) => chain !== 0 && chain !== END;
    const slots = LEAST + Math.ceil(chains.filter(isTaken).length * ROOM.slots);
    this.#hashes = new Uint32Array(2 * slots);
    this.#chains = new Uint32Array(slots);
    this.#slotsTaken = 0;
    for (let old = 0; old < chains.length; old++) {
      if (!isTaken(chains[old]!)) continue;
      const hash = { low: hashes[2 * old]!, high: hashes[2 * old + 1]! };
      const slot = this.#find(hash);
      this.#takeSlot(slot, hash);
      this.#chains[slot] = chains[old]!;
    }
  }

  #bury(pairs: number): void {
    this.#alive -= pairs;
    const dead = this.#pairsTaken - this.#alive;
    if (dead > LEAST && dead > this.#pairsTaken * MAX_DEAD) this.#compact();
  }

  /** Copies the living pairs together, and gives their holders new numbers. */
  #compact(): void {
    const before = { owners: this.#owners, nexts: this.#nexts, holders: this.#holders };
    const renumbered = this.#renumber();
    this.#pairsTaken = 0;
    const room = LEAST + Math.ceil(this.#alive * ROOM.pairs);
    this.#owners = new Uint32Array(room);
    this.#nexts = new Uint32Array(room);
    for (let slot = 0; slot < this.#chains.length; slot++) {
      if (this.#chains[slot] === 0) continue;
      let chain = END;
      for (let pair = this.#first(slot); pair !== END; pair = before.nexts[pair - 1]!) {
        const owner = before.owners[pair - 1]!;
        if (before.holders[owner] === undefined) continue;
        this.#owners[this.#pairsTaken] = renumbered[owner]!;
        this.#nexts[this.#pairsTaken] = chain;
        chain = ++this.#pairsTaken;
      }
      this.#chains[slot] = chain;
    }
    this.#rebuildSlots();
  }

  /** Forgets the numbers without pairs; gives the new number of each old one. */
  #renumber(): Uint32Array {
    const holders = this.#holders, counts = this.#counts;
    const renumbered = new Uint32Array(holders.length);
    this.#holders = [];
    this.#counts = [];
    this.#numbers.clear();
    holders.forEach((holder, number) => {
      if (holder === undefined || counts[number] === 0) return;
      renumbered[number] = this.#numberOf(holder);
      this.#counts[renumbered[number]!] = counts[number]!;
    });
    return renumbered;
  }
}

function copyOf(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(length);
  copy.set(array);
  return copy;
}
