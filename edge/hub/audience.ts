/**
 * Who on this edge hears which topic, and in which interval.
 *
 * Invariants: an interval that has ended stays until everything in it was handed out. A group is
 * heard by all connections of its members here, or held as idle by all of them. Knows nothing of
 * what is handed.
 *
 * @module
 */

import type { GroupState } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, GroupId, UserId } from "shared/ids.ts";
import { groupTopic, inboxTopic, SYSTEM_ALERTS, type TopicKey } from "shared/topic.ts";
import type { Archive } from "./archive.ts";
import type { Ledger } from "./ledger.ts";
import type { SubscriptionsDeps } from "./subscriptions.ts";
import { Targets } from "./targets.ts";
import { type Receiver, Subscription, type Target } from "./topics.ts";

export interface AudienceDeps extends SubscriptionsDeps {
  ledger: Pick<Ledger, "enter" | "leave" | "proven">;
  archive: Archive;
  events: AudienceEvents;
}

/** What woke an idle group: an event of it on an inbox or in the stream, a digest, a connection. */
export type Waker = "copy" | "digest" | "entered";

export interface AudienceEvents {
  /** An idle group is heard again. */
  woken(by: Waker): void;
  /** A group is idle, and heard no longer. */
  archived(): void;
}

export class Audience {
  readonly #deps: AudienceDeps;
  readonly #targets: Targets;
  /** Intervals that have ended, and wait until everything in them was handed out. */
  readonly #ending = new Map<Target, Subscription>();
  /** Where the search for idle groups goes on. */
  #search: Iterator<Subscription>;

  constructor(deps: AudienceDeps) {
    this.#deps = deps;
    this.#targets = new Targets(deps);
    this.#search = this.#targets.subscriptions[Symbol.iterator]();
  }

  get receivers(): IterableIterator<Receiver> {
    return this.#targets.receivers;
  }

  get size(): Targets["size"] {
    return this.#targets.size;
  }

  /** Intervals that have ended, and wait until everything in them was handed out. */
  get ending(): number {
    return this.#ending.size;
  }

  of(topic: TopicKey): Iterable<Subscription> {
    return this.#targets.subscriptions.of(topic);
  }

  stands(subscription: Subscription): boolean {
    return this.#targets.subscriptions.get(subscription.key) === subscription;
  }

  /** Enters a connection's inbox, in a subscription of its own, and the alerts. */
  enterInbox(receiver: Receiver): void {
    this.#targets.add(receiver);
    const inbox = this.#open(inboxKey(receiver.id), inboxTopic(receiver.user), Infinity);
    this.#targets.aim(receiver, inbox, 0);
    this.#targets.aim(receiver, this.#open(SYSTEM_ALERTS, SYSTEM_ALERTS, Infinity), 0);
  }

  /** Enters the groups that an origin read; the idle ones, which nobody here hears, are held. */
  enterGroups(receiver: Receiver, groups: readonly GroupState[]): void {
    if (!this.#targets.has(receiver)) return;
    for (const state of groups) {
      if (!this.#hold(receiver, state)) this.#enterGroup(receiver, state, 0);
    }
  }

  /**
   * The receiver's catch-up took its snapshot at `head`: what lies up to it is read from the
   * database, and `groups` are all that its user was in. Gives those that it must enter yet.
   */
  settle(receiver: Receiver, head: Gsid, groups: readonly GroupState[]): GroupState[] {
    if (!this.#targets.has(receiver)) return [];
    const topics = new Set(groups.map(({ group }) => groupTopic(group)));
    for (const [target, subscription] of this.#targets.of(receiver)) {
      const member = !isGroup(subscription) || topics.has(subscription.topic);
      this.#settle(target, subscription, head, member);
    }
    // What it held is decided anew: some of it may have been left by then, or be idle no longer.
    this.#deps.archive.drop(receiver);
    return groups.filter((state) => !this.#keeps(receiver, state));
  }

  /**
   * The same for a group gained by the event `joined`: everything from there up to `head` was
   * read, later memberships included. `member`: at the snapshot.
   */
  settleGained(receiver: Receiver, group: GroupId, joined: Gsid, head: Gsid, member: boolean) {
    const topic = groupTopic(group);
    const subscription = this.#targets.subscriptions.get(topic);
    if (!subscription) return;
    for (const target of [...this.#targets.on(topic, receiver)]) {
      if (target.floor >= joined) this.#settle(target, subscription, head, member);
    }
  }

  /** Leaves every topic; the last to leave one ends its subscription. */
  leave(receiver: Receiver): void {
    this.#deps.archive.drop(receiver);
    for (const [target] of this.#targets.of(receiver)) this.#ending.delete(target);
    this.#targets.remove(receiver);
  }

  /** `users` left the group by the event `gsid`. */
  end(group: GroupId, users: ReadonlySet<UserId>, gsid: Gsid): void {
    const topic = groupTopic(group);
    // What was committed before it, and never told, is due to them: a digest has to look for it.
    if (gsid > this.#deps.ledger.proven) this.wake(topic, "copy");
    const subscription = this.#targets.subscriptions.get(topic);
    if (!subscription) return;
    subscription.note(gsid);
    const confused = subscription.end(users, gsid);
    for (const target of subscription.targets) {
      if (target.ceiling !== Infinity) this.#ending.set(target, subscription);
    }
    for (const receiver of confused) receiver.outOfOrder();
  }

  /** The receiver's user joined the group by the event `joined`; `cursor` was valid then. */
  gain(receiver: Receiver, group: GroupId, joined: Gsid, cursor: Gsid): void {
    const topic = groupTopic(group);
    // Who holds it knows every membership of its own up to what is proven.
    if (joined <= this.#deps.ledger.proven && this.#deps.archive.holds(topic)) return;
    this.wake(topic, "copy");
    const targets = this.#targets.on(topic, receiver);
    const known = targets.find((each) => each.floor <= joined && each.ceiling > joined);
    if (known) known.joined = Math.max(known.joined, joined);
    else if (targets.some((each) => each.floor > joined)) receiver.outOfOrder();
    else {
      this.#enterGroup(receiver, { group, membership: joined, last: joined }, joined);
      receiver.gained(group, joined, cursor);
    }
  }

  /**
   * Everything up to `proven` was handed out: lets go of what ended before; but for whoever catches
   * up, whose snapshot may be from before the end, and would take it for a membership.
   */
  release(proven: Gsid): void {
    for (const [target, subscription] of this.#ending) {
      if (target.ceiling <= proven && target.receiver.live) this.#drop(target, subscription);
    }
  }

  /**
   * Hears an idle group again, for all who held it; false: nobody did. `membership`: the last
   * change that is known to whoever opens it.
   */
  wake(topic: TopicKey, by: Waker, membership = Infinity): boolean {
    const holders = this.#deps.archive.wake(topic);
    if (holders.length === 0) return false;
    const { proven } = this.#deps.ledger;
    // Of their own memberships all know what is proven, though one of them may know more.
    const subscription = this.#open(topic, topic, Math.min(membership, proven));
    for (const holder of holders) this.#targets.aim(holder, subscription, proven);
    this.#deps.events.woken(by);
    return true;
  }

  /** Looks at the next `most` subscriptions, and lets go of the groups that are idle by now. */
  archiveIdle(most: number): void {
    for (let looked = 0; looked < most; looked++) {
      const next = this.#search.next();
      if (next.done) {
        this.#search = this.#targets.subscriptions[Symbol.iterator]();
        return;
      }
      if (this.#mayGo(next.value)) this.#letGo(next.value);
    }
  }

  /** Who hears and who holds what, as text: equal for audiences that behave alike from here on. */
  toString(): string {
    const subscriptions = [...this.#targets.subscriptions].map(String).sort();
    return `${subscriptions.join(" ")} idle: ${this.#deps.archive}`;
  }

  /** No change is being read, no interval ends, and nobody is catching up. */
  #mayGo(subscription: Subscription): boolean {
    const { large, held, last, targets } = subscription;
    if (!isGroup(subscription) || large || held || !this.#deps.archive.isIdle(last)) return false;
    return [...targets].every(({ ceiling, receiver }) => ceiling === Infinity && receiver.live);
  }

  #letGo(subscription: Subscription): void {
    for (const target of [...subscription.targets]) {
      this.#deps.archive.hold(subscription.topic, target.receiver);
      this.#drop(target, subscription);
    }
    this.#deps.events.archived();
  }

  /** Whether the receiver hears the group, as no event that ends this is known, or may hold it. */
  #keeps(receiver: Receiver, state: GroupState): boolean {
    const topic = groupTopic(state.group);
    const hears = this.#targets.on(topic, receiver).some(({ ceiling }) => ceiling === Infinity);
    if (hears) this.#targets.subscriptions.get(topic)?.note(state.last);
    return hears || this.#hold(receiver, state);
  }

  /** Holds a group that is idle and that nobody here hears. */
  #hold(receiver: Receiver, { group, last }: GroupState): boolean {
    const { archive } = this.#deps;
    const topic = groupTopic(group);
    const isHeard = this.#targets.subscriptions.get(topic) !== undefined;
    if (isHeard || last === undefined || !archive.isIdle(last)) return false;
    archive.hold(topic, receiver);
    return true;
  }

  /** `membership`: the last change that the caller's knowledge includes. */
  #enterGroup(receiver: Receiver, { group, membership, last }: GroupState, floor: Gsid): void {
    const topic = groupTopic(group);
    this.wake(topic, "entered", membership);
    const subscription = this.#open(topic, topic, membership, last);
    subscription.note(last);
    this.#targets.aim(receiver, subscription, floor);
  }

  #open(key: string, topic: TopicKey, applied: Gsid, last?: Gsid): Subscription {
    const { subscriptions } = this.#targets;
    const known = subscriptions.get(key);
    if (known) return known;
    const subscription = new Subscription(key, topic, {
      applied,
      last: last ?? this.#deps.ledger.proven,
    });
    subscriptions.open(subscription);
    return subscription;
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
    this.#ending.delete(target);
    this.#targets.drop(target, subscription);
  }
}

/** A connection's subscription on its user's inbox. */
export function inboxKey(connection: ConnectionId): string {
  return `inbox ${connection}`;
}

function isGroup({ key, topic }: Subscription): boolean {
  return key === topic && topic !== SYSTEM_ALERTS;
}
