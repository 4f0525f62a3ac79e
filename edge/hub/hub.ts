/**
 * The hand-out of what arrives: from the bus, or from a read that mends a hole, to connections.
 *
 * Invariant: an event is handed to each subscription once, from whatever source it comes, and
 * never before the membership changes that precede it. Knows nothing of sockets; whether
 * everything was handed out is the prover's business.
 *
 * @module
 */

import type { BusMessage, BusSubscription } from "shared/bus/bus.ts";
import { type Control, decodeLive, type Live } from "shared/bus/live.ts";
import type { Digest } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { GroupId } from "shared/ids.ts";
import { inboxTopic, parseTopic, subjectOf, type TopicKey } from "shared/topic.ts";
import { Archive } from "./archive.ts";
import { Audience, type AudienceEvents, inboxKey } from "./audience.ts";
import type { Ledger } from "./ledger.ts";
import { readChange } from "./membership.ts";
import { Publication } from "./publication.ts";
import type { HashKey } from "./topic_hash.ts";
import type { Receiver, Subscription } from "./topics.ts";
import { readWake } from "./wake.ts";

export interface HubDeps {
  ledger: Ledger;
  subscribe(subject: string, handle: (message: BusMessage) => void): BusSubscription;
  /** The membership events of a group after a gsid, in GSID order, as origin reads them. */
  readChanges(group: GroupId, after: Gsid): Promise<Live[]>;
  /** Resolves when it is time to try a failed read again. */
  pause(): Promise<void>;
  /** A group in which nothing happened for so long is not listened to. */
  archiveAfterMs: number;
  /** 64 secret bits for the hashes of idle groups. */
  hashKey: HashKey;
  events: HubEvents;
}

/** Where an event came from: the bus, a read because of a digest, or the stream read again. */
export type Source = "live" | "digest" | "stream";

export interface HubEvents extends AudienceEvents {
  /** It was handed to a subscription that had not had it. */
  handed(live: Live, source: Source): void;
  /** Bytes on a topic that no release this edge knows can have written. */
  poisoned(topic: TopicKey): void;
}

/**
 * Live events that may wait behind membership changes, on all topics together; what is beyond is
 * left to the digest.
 */
export const MAX_HELD = 20_000;
/** Subscriptions that one round looks at for idle groups: 100,000 take two minutes. */
const PER_ROUND = 1_000;

export class Hub {
  /** Who hears what; connections enter and leave here. */
  readonly audience: Audience;
  /** The idle groups of its connections. */
  readonly archive: Archive;
  readonly #deps: HubDeps;
  readonly #reading = new Set<Promise<void>>();
  #held = 0;

  constructor(deps: HubDeps) {
    this.#deps = deps;
    const { ledger, archiveAfterMs, hashKey, events } = deps;
    this.archive = new Archive({ archiveAfterMs, hashKey, proven: () => ledger.proven });
    this.audience = new Audience({
      ledger,
      archive: this.archive,
      events,
      listen: (subscription) => {
        const subject = subjectOf(subscription.topic);
        const heard = deps.subscribe(subject, (message) => this.#onMessage(subscription, message));
        return () => heard.unsubscribe();
      },
    });
  }

  /** Events that wait behind membership changes. */
  get held(): number {
    return this.#held;
  }

  /** Hands an event that was read to every subscription of its topic; an idle group wakes. */
  mend(topic: TopicKey, live: Live, source: Source = "digest"): void {
    if (live.kind === "wake") return this.#wake(topic, live, source);
    if (live.gsid > this.#deps.ledger.proven) {
      this.audience.wake(topic, source === "digest" ? "digest" : "copy");
    }
    for (const subscription of this.audience.of(topic)) this.#arrive(subscription, live, source);
  }

  /**
   * To be called with a digest before it is judged: groups that it names are idle no longer, and
   * what it knows of them is missing here. Gives whether there were any.
   */
  wakeNamed({ topics }: Pick<Digest, "topics">): boolean {
    let woken = false;
    for (const [topic] of topics) if (this.audience.wake(topic, "digest")) woken = true;
    return woken;
  }

  /** To be called with each digest as soon as it comes: tells those whom its revocations concern. */
  revoke({ revoked = [] }: Pick<Digest, "revoked">): void {
    for (const [user, before, device] of revoked) {
      const control: Control = { type: "revoked", before, ...(device !== undefined && { device }) };
      for (const { targets } of this.audience.of(inboxTopic(user))) {
        for (const { receiver } of targets) receiver.control(control);
      }
    }
  }

  /** To be called every second: lets go of some of the groups that are idle by now. */
  archiveIdle(): void {
    this.audience.archiveIdle(PER_ROUND);
  }

  /**
   * The answer to the receiver's own send is on its way into its socket and tells it of a direct
   * message: that counts as handed, for its inbox may never carry this event.
   */
  answered(receiver: Pick<Receiver, "id">, gsid: Gsid): void {
    this.#deps.ledger.hand(inboxKey(receiver.id), gsid);
  }

  /** Resolves when nothing waits for membership changes any more. */
  async settled(): Promise<void> {
    while (this.#reading.size > 0) await Promise.all(this.#reading);
  }

  /** Everything up to `proven` was handed out: tells the connections. */
  proved(proven: Gsid): void {
    this.audience.release(proven);
    for (const receiver of this.audience.receivers) receiver.proved(proven);
  }

  #onMessage(subscription: Subscription, message: BusMessage): void {
    if (!this.audience.stands(subscription)) return;
    const live = decodeLive(message.data);
    if (!live) this.#deps.events.poisoned(subscription.topic);
    else if (live.kind === "control") this.#control(subscription, live);
    else if (live.kind === "wake") this.#wake(subscription.topic, live, "live");
    else this.#arrive(subscription, live, "live");
  }

  #control(subscription: Subscription, live: Live): void {
    try {
      const control = JSON.parse(live.data) as Control;
      for (const { receiver } of subscription.targets) receiver.control(control);
    } catch {
      this.#deps.events.poisoned(subscription.topic);
    }
  }

  /** The copy is nobody's own event: it is handed on as if it had come on the group's topic. */
  #wake(inbox: TopicKey, copy: Live, source: Source): void {
    const wake = readWake(copy);
    if (!wake) return this.#deps.events.poisoned(inbox);
    this.mend(wake.topic, wake.live, source);
  }

  #arrive(subscription: Subscription, live: Live, source: Source): void {
    if (live.large) subscription.large = true;
    if (!subscription.held && live.membership <= subscription.applied) {
      return this.#hand(subscription, live, source);
    }
    // What a digest asked for must not be lost: everything up to its end is about to be proven.
    if (this.#held >= MAX_HELD && source !== "digest") return;
    if (subscription.held) this.#wait(subscription.held, live);
    else this.#hold(subscription, live);
  }

  /** Two origins are not ordered among each other: `live` came before a change that precedes it. */
  #hold(subscription: Subscription, live: Live): void {
    this.#wait(subscription.held = [], live);
    const reading = this.#readHeld(subscription).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  #wait(held: Live[], live: Live): void {
    held.push(live);
    this.#held++;
  }

  async #readHeld(subscription: Subscription): Promise<void> {
    const topic = parseTopic(subscription.topic);
    if (topic?.kind !== "group-chat") return;
    while (this.audience.stands(subscription) && subscription.held) {
      // Events are published after their commit: a read that starts now holds what precedes them.
      const { applied, held: waiting } = subscription;
      const asking = new Set(waiting);
      try {
        const changes = await this.#deps.readChanges(topic.group, applied);
        for (const change of changes) this.#hand(subscription, change, "digest");
        subscription.applied = Math.max(subscription.applied, changes.at(-1)?.gsid ?? 0);
        const known = new Set(changes.map(({ gsid }) => gsid));
        this.#forget(subscription, (live) => {
          const { membership } = live;
          if (membership <= applied || known.has(membership)) return false;
          // What came meanwhile may name a change that came meanwhile.
          return membership <= subscription.applied || asking.has(live);
        });
        this.#release(subscription);
      } catch {
        await this.#deps.pause();
      }
    }
    // Nobody hears the topic any more.
    this.#held -= subscription.held?.length ?? 0;
    subscription.held = undefined;
  }

  /**
   * Drops what names a change of membership that the database does not have: both were of a history
   * that a restore has lost, and whom such an event is for nobody can tell.
   */
  #forget(subscription: Subscription, isLost: (live: Live) => boolean): void {
    const held = subscription.held ?? [];
    const kept = held.filter((live) => !isLost(live));
    this.#held -= held.length - kept.length;
    subscription.held = kept;
  }

  /** Hands on what waited, up to the next event whose changes are not known yet. */
  #release(subscription: Subscription): void {
    const held = subscription.held ?? [];
    let handed = 0;
    while (handed < held.length && held[handed]!.membership <= subscription.applied) {
      this.#hand(subscription, held[handed++]!, "live");
    }
    this.#held -= handed;
    subscription.held = handed < held.length ? held.slice(handed) : undefined;
  }

  #hand(subscription: Subscription, live: Live, source: Source): void {
    const { ledger, events } = this.#deps;
    if (!ledger.hand(subscription.key, live.gsid)) return;
    this.#publish(subscription, live);
    // Last: what the encoding and the queues take belongs to the latency.
    events.handed(live, source);
  }

  #publish(subscription: Subscription, live: Live): void {
    const { proven } = this.#deps.ledger;
    const offset = proven === 0 ? undefined : Math.min(live.gsid, proven);
    const publication = new Publication(live, subscription.topic, offset);
    const change = readChange(live);
    if (!change) return subscription.publish(publication);
    const isInbox = subscription.key !== subscription.topic;
    if (isInbox) {
      subscription.publish(publication);
      for (const { receiver, floor } of subscription.targets) {
        // What the snapshot covers says nothing of the membership now.
        if (live.gsid <= floor || !change.users.has(receiver.user)) continue;
        const { group } = change;
        if (change.kind === "joined") this.audience.gain(receiver, group, live.gsid, offset ?? 0);
        else this.audience.end(group, new Set([receiver.user]), live.gsid);
      }
      return;
    }
    // Whom it concerns hear of it by their inbox, which the digest compares as well.
    subscription.publish(publication, change.users);
    if (change.kind === "left") this.audience.end(change.group, change.users, live.gsid);
    subscription.applied = Math.max(subscription.applied, live.gsid);
  }
}
