/**
 * Who on this edge hears which topic, and in which interval: the subscriptions and their targets.
 *
 * Invariant: a subscription stands on the bus and in the ledger for as long as it has a target, and
 * an interval that has ended stays until everything in it was handed out. Knows nothing of what is
 * handed.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, GroupId, UserId } from "shared/ids.ts";
import { groupTopic, inboxTopic, parseTopic, SYSTEM_ALERTS, type TopicKey } from "shared/topic.ts";
import type { Ledger } from "./ledger.ts";
import { type Receiver, Subscription, type Target } from "./topics.ts";

export interface AudienceDeps {
  ledger: Pick<Ledger, "enter" | "leave">;
  /** Listens on the bus; gives what ends this. */
  listen(subscription: Subscription): () => void;
}

export class Audience {
  readonly #deps: AudienceDeps;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #silence = new Map<string, () => void>();
  readonly #byTopic = new Map<TopicKey, Set<Subscription>>();
  readonly #targets = new Map<Receiver, Map<Subscription, Target[]>>();
  /** Intervals that have ended, and wait until everything in them was handed out. */
  readonly #ending = new Map<Target, Subscription>();

  constructor(deps: AudienceDeps) {
    this.#deps = deps;
  }

  get receivers(): IterableIterator<Receiver> {
    return this.#targets.keys();
  }

  get size(): { receivers: number; subscriptions: number } {
    return { receivers: this.#targets.size, subscriptions: this.#subscriptions.size };
  }

  of(topic: TopicKey): Iterable<Subscription> {
    return this.#byTopic.get(topic) ?? [];
  }

  stands(subscription: Subscription): boolean {
    return this.#subscriptions.get(subscription.key) === subscription;
  }

  /** Enters a connection's inbox, in a subscription of its own, and the alerts. */
  enterInbox(receiver: Receiver): void {
    this.#targets.set(receiver, new Map());
    const inbox = this.#open(inboxKey(receiver.id), inboxTopic(receiver.user), Infinity);
    this.#aim(receiver, inbox, 0);
    this.#aim(receiver, this.#open(SYSTEM_ALERTS, SYSTEM_ALERTS, Infinity), 0);
  }

  /** Enters a group. `membership`: the last change that the caller's knowledge includes. */
  enterGroup(receiver: Receiver, group: GroupId, membership: Gsid, floor: Gsid): void {
    if (!this.#targets.has(receiver)) return;
    const topic = groupTopic(group);
    this.#aim(receiver, this.#open(topic, topic, membership), floor);
  }

  /** Whether the receiver hears the group, and no event that ends this is known. */
  hears(receiver: Receiver, group: GroupId): boolean {
    const targets = this.#aimed(receiver, groupTopic(group));
    return targets.some((target) => target.ceiling === Infinity);
  }

  /**
   * The receiver's catch-up took its snapshot at `head`: what lies up to it is read from the
   * database, and `groups` are all that its user was in.
   */
  settle(receiver: Receiver, head: Gsid, groups: ReadonlySet<GroupId>): void {
    const topics = new Set<TopicKey>([...groups].map(groupTopic));
    for (const [subscription, targets] of this.#targets.get(receiver) ?? []) {
      const member = !isGroup(subscription) || topics.has(subscription.topic);
      for (const target of [...targets]) this.#settle(target, subscription, head, member);
    }
  }

  /**
   * The same for a group gained by the event `joined`: everything from there up to `head` was
   * read, later memberships included. `member`: at the snapshot.
   */
  settleGained(receiver: Receiver, group: GroupId, joined: Gsid, head: Gsid, member: boolean) {
    const topic = groupTopic(group);
    const subscription = this.#subscriptions.get(topic);
    if (!subscription) return;
    for (const target of [...this.#aimed(receiver, topic)]) {
      if (target.floor >= joined) this.#settle(target, subscription, head, member);
    }
  }

  /** Leaves every topic; the last to leave one ends its subscription. */
  leave(receiver: Receiver): void {
    for (const [subscription, targets] of this.#targets.get(receiver) ?? []) {
      for (const target of [...targets]) this.#drop(target, subscription);
    }
    this.#targets.delete(receiver);
  }

  /** `users` left the group by the event `gsid`. */
  end(group: GroupId, users: ReadonlySet<UserId>, gsid: Gsid): void {
    const subscription = this.#subscriptions.get(groupTopic(group));
    if (!subscription) return;
    const confused = subscription.end(users, gsid);
    for (const target of subscription.targets) {
      if (target.ceiling !== Infinity) this.#ending.set(target, subscription);
    }
    for (const receiver of confused) receiver.outOfOrder();
  }

  /** The receiver's user joined the group by the event `joined`; `cursor` was valid then. */
  gain(receiver: Receiver, group: GroupId, joined: Gsid, cursor: Gsid): void {
    const targets = this.#aimed(receiver, groupTopic(group));
    const known = targets.find((each) => each.floor <= joined && each.ceiling > joined);
    if (known) known.joined = Math.max(known.joined, joined);
    else if (targets.some((each) => each.floor > joined)) receiver.outOfOrder();
    else {
      this.enterGroup(receiver, group, joined, joined);
      receiver.gained(group, joined, cursor);
    }
  }

  /** Everything up to `proven` was handed out: lets go of what ended before. */
  release(proven: Gsid): void {
    for (const [target, subscription] of this.#ending) {
      if (target.ceiling <= proven) this.#drop(target, subscription);
    }
  }

  /** Who hears what, as text: equal for audiences that behave alike from here on. */
  toString(): string {
    return [...this.#subscriptions.values()].map(String).sort().join(" ");
  }

  #open(key: string, topic: TopicKey, applied: Gsid): Subscription {
    const known = this.#subscriptions.get(key);
    if (known) return known;
    const subscription = new Subscription(key, topic, applied);
    this.#subscriptions.set(key, subscription);
    this.#deps.ledger.enter(key, topic);
    const siblings = this.#byTopic.get(topic);
    if (siblings) siblings.add(subscription);
    else this.#byTopic.set(topic, new Set([subscription]));
    this.#silence.set(key, this.#deps.listen(subscription));
    return subscription;
  }

  #close(subscription: Subscription): void {
    const { key, topic } = subscription;
    this.#silence.get(key)?.();
    this.#silence.delete(key);
    this.#subscriptions.delete(key);
    this.#deps.ledger.leave(key);
    const siblings = this.#byTopic.get(topic);
    siblings?.delete(subscription);
    if (siblings?.size === 0) this.#byTopic.delete(topic);
  }

  #aim(receiver: Receiver, subscription: Subscription, floor: Gsid): void {
    const target = { receiver, floor, ceiling: Infinity, joined: floor };
    subscription.targets.add(target);
    const aimed = this.#targets.get(receiver)!;
    aimed.set(subscription, [...aimed.get(subscription) ?? [], target]);
  }

  #aimed(receiver: Receiver, topic: TopicKey): Target[] {
    const subscription = this.#subscriptions.get(topic);
    return subscription && this.#targets.get(receiver)?.get(subscription) || [];
  }

  #settle(target: Target, subscription: Subscription, head: Gsid, member: boolean): void {
    if (target.floor > head) return;
    // An interval that ended before the snapshot is read whole; a new membership has its own.
    if (member && target.ceiling > head) target.floor = head;
    else this.#drop(target, subscription);
    // A later join was taken for this interval, which has ended before it.
    if (target.joined > head && !member) target.receiver.outOfOrder();
  }

  #drop(target: Target, subscription: Subscription): void {
    subscription.targets.delete(target);
    this.#ending.delete(target);
    const aimed = this.#targets.get(target.receiver);
    const rest = aimed?.get(subscription)?.filter((other) => other !== target) ?? [];
    if (rest.length > 0) aimed?.set(subscription, rest);
    else aimed?.delete(subscription);
    if (subscription.targets.size === 0) this.#close(subscription);
  }
}

/** A connection's subscription on its user's inbox. */
export function inboxKey(connection: ConnectionId): string {
  return `inbox ${connection}`;
}

function isGroup(subscription: Subscription): boolean {
  return parseTopic(subscription.topic)?.kind === "group-chat";
}
