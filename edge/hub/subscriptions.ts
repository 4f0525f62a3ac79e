/**
 * The subscriptions that stand, by key and by topic.
 *
 * Invariant: one that stands is heard on the bus and counted in the ledger, and no other is. Knows
 * nothing of who hears it.
 *
 * @module
 */

import type { TopicKey } from "shared/topic.ts";
import type { Ledger } from "./ledger.ts";
import type { Subscription } from "./topics.ts";

export interface SubscriptionsDeps {
  ledger: Pick<Ledger, "enter" | "leave">;
  /** Listens on the bus; gives what ends this. */
  listen(subscription: Subscription): () => void;
}

export class Subscriptions implements Iterable<Subscription> {
  readonly #deps: SubscriptionsDeps;
  readonly #byKey = new Map<string, Subscription>();
  readonly #byTopic = new Map<TopicKey, Set<Subscription>>();
  readonly #silence = new Map<string, () => void>();

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Subscription | undefined {
    return this.#byKey.get(key);
  }

  of(topic: TopicKey): Iterable<Subscription> {
    return this.#byTopic.get(topic) ?? [];
  }

  /** Opening and closing while somebody walks through them is allowed. */
  [Symbol.iterator](): IterableIterator<Subscription> {
    return this.#byKey.values();
  }

  open(subscription: Subscription): void {
    const { key, topic } = subscription;
    this.#byKey.set(key, subscription);
    this.#deps.ledger.enter(key, topic);
    const siblings = this.#byTopic.get(topic);
    if (siblings) siblings.add(subscription);
    else this.#byTopic.set(topic, new Set([subscription]));
    this.#silence.set(key, this.#deps.listen(subscription));
  }

  close(subscription: Subscription): void {
    const { key, topic } = subscription;
    this.#silence.get(key)?.();
    this.#silence.delete(key);
    this.#byKey.delete(key);
    this.#deps.ledger.leave(key);
    const siblings = this.#byTopic.get(topic);
    siblings?.delete(subscription);
    if (siblings?.size === 0) this.#byTopic.delete(topic);
  }
}
