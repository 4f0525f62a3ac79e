/**
 * The idle groups of this edge's connections: which nobody listens to, until something wakes one.
 *
 * Invariant: who holds an idle group lacks none of its events up to `proven`, and every change of
 * the holder's membership up to there is known. So a group is idle by its last event and `proven`,
 * two gsids: what lies above `proven` is yet to come, by a wake copy or by a digest. Of a group
 * only a keyed hash is kept. Knows nothing of subscriptions.
 *
 * @module
 */

import { type Gsid, isIdle } from "shared/gsid.ts";
import type { TopicKey } from "shared/topic.ts";
import { Holders } from "./holders.ts";
import { type HashKey, hashTopic } from "./topic_hash.ts";
import type { Receiver } from "./topics.ts";

export interface ArchiveOptions {
  archiveAfterMs: number;
  /** Secret, and new at each start. */
  hashKey: HashKey;
  /** Up to here the hub handed out everything. */
  proven(): Gsid;
}

export class Archive {
  readonly #options: ArchiveOptions;
  readonly #holders = new Holders<Receiver>();

  constructor(options: ArchiveOptions) {
    this.#options = options;
  }

  /** How many pairs of a group and a holder there are, and what they take of memory. */
  get size(): { held: number; bytes: number } {
    return { held: this.#holders.size, bytes: this.#holders.bytes };
  }

  /** Whether a group whose newest event is `last` may be held. */
  isIdle(last: Gsid): boolean {
    const { proven, archiveAfterMs } = this.#options;
    return isIdle(last, proven(), archiveAfterMs);
  }

  /** `holder` must not hold it yet. */
  hold(topic: TopicKey, holder: Receiver): void {
    this.#holders.add(this.#hashOf(topic), holder);
  }

  holds(topic: TopicKey): boolean {
    return this.#holders.size > 0 && this.#holders.has(this.#hashOf(topic));
  }

  /** All who held it: it is idle no longer. */
  wake(topic: TopicKey): Receiver[] {
    return this.#holders.size > 0 ? this.#holders.take(this.#hashOf(topic)) : [];
  }

  drop(holder: Receiver): void {
    this.#holders.drop(holder);
  }

  /** Who holds what, as text. */
  toString(): string {
    if (this.#holders.size === 0) return "nothing";
    return [...this.#holders].map(([{ low, high }, { id }]) => `${low}.${high}-${id}`).sort()
      .join();
  }

  #hashOf(topic: TopicKey) {
    return hashTopic(topic, this.#options.hashKey);
  }
}
