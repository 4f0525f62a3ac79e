/**
 * What the hub handed out, by subscription, and up to where that is proven to be everything.
 *
 * Invariant: of every subscription that stands, each event up to `proven` was handed out, or is
 * older than the snapshot its connection read. Only `prove` and `begin` move `proven`, and a
 * digest counts only when it joins on to it. Knows nothing of sockets, of the bus or of time:
 * a subscription is an opaque key and a topic.
 *
 * @module
 */

import type { Digest } from "shared/bus/requests.ts";
import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import type { TopicKey } from "shared/topic.ts";
import { type Sum, Tally } from "./tally.ts";
import type { Subscription } from "./topics.ts";

/** Tallies reach this far below `proven`, so that what arrives late is known. */
export const TALLY_KEPT_MS = 10_000;

/** What the ledger knows of a subscription. */
type Counted = Pick<Subscription, "key" | "topic">;

/** What a digest asks of the edge. */
export type Judgement =
  /** Nothing: it says nothing about what lies above `proven`. */
  | { kind: "ignore" }
  /** It cannot be compared: ask for the digest of `(after, …]`. */
  | { kind: "gap"; after: Gsid }
  /** Read `(after, upto]` of these topics, hand out what is missing, and then `prove(upto)`. */
  | { kind: "differs"; topics: Counted[]; after: Gsid; upto: Gsid }
  /** `prove(upto)`. */
  | { kind: "equal"; upto: Gsid }
  /** Another history: no position and no tally means anything there. */
  | { kind: "foreign epoch" };

interface Entry extends Counted {
  /** Made with the first event: most subscriptions hear nothing for long. */
  tally: Tally | undefined;
  /** The last comparison in which the digest named its topic. */
  namedIn: number;
}

export class Ledger {
  #proven: Gsid = 0;
  #epoch: string | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #byTopic = new Map<TopicKey, Entry[]>();
  /** The entries whose tally holds something. */
  readonly #active = new Set<Entry>();
  #comparisons = 0;

  /** Up to here everything was handed out; 0 before `begin`. */
  get proven(): Gsid {
    return this.#proven;
  }

  /** The history that `proven` belongs to; `undefined` before `begin`. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  get subscriptions(): number {
    return this.#entries.size;
  }

  /** How many gsids all tallies hold: what a digest costs at most. */
  get tallied(): number {
    let sum = 0;
    for (const { tally } of this.#active) sum += tally!.size;
    return sum;
  }

  /**
   * Starts at the head that an origin named: whoever enters from now on reads a later snapshot.
   *
   * @throws {RangeError} When a subscription stands: its events up to `head` may be missing.
   */
  begin(head: Gsid, epoch: string): void {
    if (this.#entries.size > 0) {
      throw new RangeError(`Cannot begin the ledger: ${this.#entries.size} subscriptions stand`);
    }
    this.#proven = head;
    this.#epoch = epoch;
  }

  /** Counts from now on. Must come before the snapshot that the subscription's connection reads. */
  enter(key: string, topic: TopicKey): void {
    if (this.#entries.has(key)) throw new RangeError(`Cannot enter "${key}": it stands already`);
    const entry: Entry = { key, topic, tally: undefined, namedIn: 0 };
    this.#entries.set(key, entry);
    const others = this.#byTopic.get(topic);
    if (others) others.push(entry);
    else this.#byTopic.set(topic, [entry]);
  }

  /** Forgets the subscription and its tally. */
  leave(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#active.delete(entry);
    const others = this.#byTopic.get(entry.topic)!;
    if (others.length === 1) this.#byTopic.delete(entry.topic);
    else others.splice(others.indexOf(entry), 1);
  }

  /**
   * Whether to hand this event to the subscription: records it when it is new. False for one that
   * was handed out before, for a key that left, and for what lies so far below `proven` that the
   * tally no longer reaches it.
   */
  hand(key: string, gsid: Gsid): boolean {
    const entry = this.#entries.get(key);
    if (!entry || gsid <= this.#floor()) return false;
    if (!entry.tally) {
      entry.tally = new Tally();
      this.#active.add(entry);
    }
    return entry.tally.add(gsid);
  }

  /**
   * Compares what was handed out in the digest's interval with what the database holds. Changes
   * nothing. What differs is to be read above `proven` only, since below it nothing is missing.
   */
  judge(digest: Digest): Judgement {
    if (this.#epoch === undefined) return { kind: "ignore" };
    if (digest.epoch !== this.#epoch) return { kind: "foreign epoch" };
    const { after, upto } = digest;
    if (upto <= this.#proven) return { kind: "ignore" };
    if (after > this.#proven || after < this.#floor()) return { kind: "gap", after: this.#proven };
    const topics = this.#differing(digest);
    if (topics.length === 0) return { kind: "equal", upto };
    return { kind: "differs", topics, after: this.#proven, upto };
  }

  /**
   * Every event up to `upto` is in the queues of the connections now: never call it before. Moves
   * forward only.
   */
  prove(upto: Gsid): void {
    if (upto <= this.#proven) return;
    this.#proven = upto;
    const floor = this.#floor();
    for (const entry of this.#active) {
      const tally = entry.tally!;
      tally.prune(floor);
      if (tally.size > 0) continue;
      entry.tally = undefined;
      this.#active.delete(entry);
    }
  }

  /** The content as text: equal for ledgers that behave alike from here on. */
  toString(): string {
    const entries = [...this.#entries.values()].map(({ key, topic, tally }) =>
      `${key}=${topic}[${tally?.values() ?? ""}]`
    );
    return `${this.#epoch}@${this.#proven} ${entries.sort().join(" ")}`;
  }

  #floor(): Gsid {
    return Math.max(0, this.#proven - TALLY_KEPT_MS * GSID_PER_MS);
  }

  #differing({ topics, after, upto }: Digest): Counted[] {
    const differing: Counted[] = [];
    const comparison = ++this.#comparisons;
    for (const [topic, count, xor] of topics) {
      for (const entry of this.#byTopic.get(topic) ?? []) {
        entry.namedIn = comparison;
        if (!holds(entry.tally, { after, upto, count, xor })) differing.push(counted(entry));
      }
    }
    const nothing = { after, upto, count: 0, xor: 0 };
    for (const entry of this.#active) {
      if (entry.namedIn === comparison) continue;
      if (!holds(entry.tally, nothing)) differing.push(counted(entry));
    }
    return differing;
  }
}

function counted({ key, topic }: Entry): Counted {
  return { key, topic };
}

function holds(tally: Tally | undefined, sum: Sum): boolean {
  return tally ? tally.equals(sum) : sum.count === 0;
}
