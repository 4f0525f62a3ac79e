/**
 * Which receiver is aimed at by which subscription: both directions of one relation.
 *
 * Invariant: a subscription stands for as long as it has a target, and a target is known from both
 * sides or from neither. Knows nothing of when an interval begins or ends.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import { SYSTEM_ALERTS, type TopicKey } from "shared/topic.ts";
import { Subscriptions, type SubscriptionsDeps } from "./subscriptions.ts";
import { type Receiver, Subscription, type Target } from "./topics.ts";

export class Targets {
  readonly subscriptions: Subscriptions;
  readonly #aimed = new Map<Receiver, Map<Subscription, Target[]>>();

  constructor(deps: SubscriptionsDeps) {
    this.subscriptions = new Subscriptions(deps);
  }

  get receivers(): IterableIterator<Receiver> {
    return this.#aimed.keys();
  }

  /** How many subscriptions there are of each kind; every receiver has one on its inbox. */
  get size(): { inbox: number; group: number; alerts: number } {
    const inbox = this.#aimed.size;
    const alerts = this.subscriptions.get(SYSTEM_ALERTS) ? 1 : 0;
    return { inbox, group: this.subscriptions.size - inbox - alerts, alerts };
  }

  has(receiver: Receiver): boolean {
    return this.#aimed.has(receiver);
  }

  add(receiver: Receiver): void {
    this.#aimed.set(receiver, new Map());
  }

  /** Ends all that aims at it. */
  remove(receiver: Receiver): void {
    for (const [target, subscription] of this.of(receiver)) this.drop(target, subscription);
    this.#aimed.delete(receiver);
  }

  /** As they are now: they may be dropped meanwhile. */
  of(receiver: Receiver): [Target, Subscription][] {
    const all = [...this.#aimed.get(receiver) ?? []];
    return all.flatMap(([subscription, targets]) =>
      targets.map((target): [Target, Subscription] => [target, subscription])
    );
  }

  /** The receiver's intervals on a shared topic. */
  on(topic: TopicKey, receiver: Receiver): readonly Target[] {
    const subscription = this.subscriptions.get(topic);
    return subscription && this.#aimed.get(receiver)?.get(subscription) || [];
  }

  aim(receiver: Receiver, subscription: Subscription, floor: Gsid): void {
    const target = { receiver, floor, ceiling: Infinity, joined: floor };
    subscription.targets.add(target);
    const aimed = this.#aimed.get(receiver)!;
    aimed.set(subscription, [...aimed.get(subscription) ?? [], target]);
  }

  drop(target: Target, subscription: Subscription): void {
    subscription.targets.delete(target);
    const aimed = this.#aimed.get(target.receiver);
    const rest = aimed?.get(subscription)?.filter((other) => other !== target) ?? [];
    if (rest.length > 0) aimed?.set(subscription, rest);
    else aimed?.delete(subscription);
    if (subscription.targets.size === 0) this.subscriptions.close(subscription);
  }
}
