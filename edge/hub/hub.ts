/**
 * Who on this edge hears which topic: the subscriptions, and the hand-out of what arrives on them.
 *
 * Invariant: an event is handed to each subscription once, from whatever source it comes (the bus,
 * or a read that mends a hole), and never before the membership changes that precede it. Knows
 * nothing of sockets; whether everything was handed out is the prover's business.
 *
 * @module
 */

import type { BusMessage, BusSubscription } from "shared/bus/bus.ts";
import { type Control, decodeLive, type Live } from "shared/bus/live.ts";
import type { Gsid } from "shared/gsid.ts";
import type { GroupId, UserId } from "shared/ids.ts";
import {
  groupTopic,
  inboxTopic,
  parseTopic,
  subjectOf,
  SYSTEM_ALERTS,
  type TopicKey,
} from "shared/topic.ts";
import type { Ledger } from "./ledger.ts";
import { readChange } from "./membership.ts";
import { Publication } from "./publication.ts";
import { type Receiver, Subscription, type Target } from "./topics.ts";

export interface HubDeps {
  ledger: Ledger;
  subscribe(subject: string, handle: (message: BusMessage) => void): BusSubscription;
  /** The membership events of a group after a gsid, in GSID order, as origin reads them. */
  readChanges(group: GroupId, after: Gsid): Promise<Live[]>;
  /** Resolves when it is time to try a failed read again. */
  pause(): Promise<void>;
  events: HubEvents;
}

export interface HubEvents {
  /** `gsid` was handed out for the first time on this edge. */
  handed(gsid: Gsid, mended: boolean): void;
  /** Bytes on a topic that no release this edge knows can have written. */
  poisoned(topic: TopicKey): void;
}

/** Events that may wait behind one membership change; what is beyond is left to the digest. */
const MAX_HELD = 10_000;

export class Hub {
  readonly #deps: HubDeps;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #onBus = new Map<string, BusSubscription>();
  readonly #byTopic = new Map<TopicKey, Set<Subscription>>();
  readonly #targets = new Map<Receiver, Map<Subscription, Target[]>>();
  /** Intervals that have ended, and wait until everything in them was handed out. */
  readonly #ending = new Map<Target, Subscription>();
  readonly #reading = new Set<Promise<void>>();

  constructor(deps: HubDeps) {
    this.#deps = deps;
  }

  get receivers(): IterableIterator<Receiver> {
    return this.#targets.keys();
  }

  get size(): { receivers: number; subscriptions: number } {
    return { receivers: this.#targets.size, subscriptions: this.#subscriptions.size };
  }

  /** Enters a connection's inbox, in a subscription of its own, and the alerts. */
  enterInbox(receiver: Receiver): void {
    this.#targets.set(receiver, new Map());
    const inbox = this.#open(`inbox ${receiver.id}`, inboxTopic(receiver.user), Infinity);
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

  /** Hands an event that was read from the database to every subscription of its topic. */
  mend(topic: TopicKey, live: Live): void {
    for (const subscription of this.#byTopic.get(topic) ?? []) {
      this.#arrive(subscription, live, true);
    }
  }

  /** Resolves when nothing waits for membership changes any more. */
  async settled(): Promise<void> {
    while (this.#reading.size > 0) await Promise.all(this.#reading);
  }

  /** Everything up to `proven` was handed out: tells the connections, lets ended intervals go. */
  proved(proven: Gsid): void {
    for (const [target, subscription] of this.#ending) {
      if (target.ceiling > proven) continue;
      this.#ending.delete(target);
      this.#drop(target, subscription);
    }
    for (const receiver of this.#targets.keys()) receiver.proved(proven);
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
    this.#onBus.set(key, this.#deps.subscribe(subjectOf(topic), (m) => this.#onMessage(key, m)));
    return subscription;
  }

  #close(subscription: Subscription): void {
    const { key, topic } = subscription;
    this.#onBus.get(key)?.unsubscribe();
    this.#onBus.delete(key);
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

  #onMessage(key: string, message: BusMessage): void {
    const subscription = this.#subscriptions.get(key);
    if (!subscription) return;
    const live = decodeLive(message.data);
    if (!live) this.#deps.events.poisoned(subscription.topic);
    else if (live.kind === "control") this.#control(subscription, live);
    else this.#arrive(subscription, live, false);
  }

  #control(subscription: Subscription, live: Live): void {
    try {
      const control = JSON.parse(live.data) as Control;
      for (const { receiver } of subscription.targets) receiver.control(control);
    } catch {
      this.#deps.events.poisoned(subscription.topic);
    }
  }

  #arrive(subscription: Subscription, live: Live, mended: boolean): void {
    if (subscription.held) {
      if (subscription.held.length < MAX_HELD) subscription.held.push(live);
    } else if (live.membership > subscription.applied) this.#hold(subscription, live);
    else this.#hand(subscription, live, mended);
  }

  /** Two origins are not ordered among each other: `live` came before a change that precedes it. */
  #hold(subscription: Subscription, live: Live): void {
    subscription.held = [live];
    const reading = this.#readHeld(subscription).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  async #readHeld(subscription: Subscription): Promise<void> {
    const topic = parseTopic(subscription.topic);
    if (topic?.kind !== "group-chat") return;
    while (this.#subscriptions.get(subscription.key) === subscription && subscription.held) {
      // Events are published after their commit: a read that starts now holds what precedes them.
      const needed = Math.max(...subscription.held.map((live) => live.membership));
      try {
        const changes = await this.#deps.readChanges(topic.group, subscription.applied);
        for (const change of changes) this.#hand(subscription, change, true);
        subscription.applied = Math.max(subscription.applied, needed);
        this.#release(subscription);
      } catch {
        await this.#deps.pause();
      }
    }
  }

  /** Hands on what waited, up to the next event whose changes are not known yet. */
  #release(subscription: Subscription): void {
    const held = subscription.held ?? [];
    let handed = 0;
    while (handed < held.length && held[handed]!.membership <= subscription.applied) {
      this.#hand(subscription, held[handed++]!, false);
    }
    subscription.held = handed < held.length ? held.slice(handed) : undefined;
  }

  #hand(subscription: Subscription, live: Live, mended: boolean): void {
    const { ledger, events } = this.#deps;
    if (!ledger.hand(subscription.key, live.gsid)) return;
    const { proven } = ledger;
    const offset = proven === 0 ? undefined : Math.min(live.gsid, proven);
    const publication = new Publication(live, subscription.topic, offset);
    events.handed(live.gsid, mended);
    const change = readChange(live);
    if (!change) return subscription.publish(publication);
    const isInbox = subscription.key !== subscription.topic;
    if (isInbox) {
      subscription.publish(publication);
      for (const { receiver, floor } of subscription.targets) {
        // What the snapshot covers says nothing of the membership now.
        if (live.gsid <= floor || !change.users.has(receiver.user)) continue;
        if (change.kind === "left") this.#ended(receiver, change.group, live.gsid);
        else this.#gained(receiver, change.group, live.gsid, offset ?? 0);
      }
      return;
    }
    // Whom it concerns hear of it by their inbox, which the digest compares as well.
    subscription.publish(publication, change.users);
    if (change.kind === "left") this.#end(subscription, change.users, live.gsid);
    subscription.applied = Math.max(subscription.applied, live.gsid);
  }

  #gained(receiver: Receiver, group: GroupId, joined: Gsid, cursor: Gsid): void {
    const targets = this.#aimed(receiver, groupTopic(group));
    const known = targets.find((each) => each.floor <= joined && each.ceiling > joined);
    if (known) known.joined = Math.max(known.joined, joined);
    else if (targets.some((each) => each.floor > joined)) receiver.outOfOrder();
    else {
      this.enterGroup(receiver, group, joined, joined);
      receiver.gained(group, joined, cursor);
    }
  }

  #ended(receiver: Receiver, group: GroupId, gsid: Gsid): void {
    const subscription = this.#subscriptions.get(groupTopic(group));
    if (subscription) this.#end(subscription, new Set<UserId>([receiver.user]), gsid);
  }

  #end(subscription: Subscription, users: ReadonlySet<UserId>, gsid: Gsid): void {
    const confused = subscription.end(users, gsid);
    for (const target of subscription.targets) {
      if (target.ceiling !== Infinity) this.#ending.set(target, subscription);
    }
    for (const receiver of confused) receiver.outOfOrder();
  }
}

function isGroup(subscription: Subscription): boolean {
  return parseTopic(subscription.topic)?.kind === "group-chat";
}
