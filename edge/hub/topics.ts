/**
 * Which connections of this edge receive which topic, and between which events.
 *
 * Invariant: an event reaches a connection only inside an interval in which its user was a member:
 * membership at commit decides, not at delivery. Knows nothing of the bus or of tallies.
 *
 * @module
 */

import type { Control, Live } from "shared/bus/live.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, GroupId, UserId } from "shared/ids.ts";
import type { TopicKey } from "shared/topic.ts";
import type { Publication } from "./publication.ts";

/** A connection, as the hub sees it. */
export interface Receiver {
  readonly id: ConnectionId;
  readonly user: UserId;
  /** Past its catch-up, and none is running. */
  readonly live: boolean;
  receive(publication: Publication): void;
  /** Its user has become a member of `group` by the event `joined`; `cursor` was valid then. */
  gained(group: GroupId, joined: Gsid, cursor: Gsid): void;
  /** Its user's memberships came out of order: only a resume can tell what it was a member of. */
  outOfOrder(): void;
  control(control: Control): void;
  /** The hub handed out everything up to `proven`. */
  proved(proven: Gsid): void;
}

/** A receiver's interval on a topic: it gets what lies in `(floor, ceiling]`. */
export interface Target {
  readonly receiver: Receiver;
  /** Everything up to here was read from the database, or is not asked for. */
  floor: Gsid;
  /** The event by which its user left; infinite while it is a member. */
  ceiling: Gsid;
  /** The last join of its user that this interval stands for. */
  joined: Gsid;
}

/** One subscription of this edge: a device's on its inbox, or the edge's on a shared topic. */
export class Subscription {
  readonly key: string;
  readonly topic: TopicKey;
  readonly targets = new Set<Target>();
  /** The last membership change of this group that was applied to `targets`. */
  applied: Gsid;
  /** Events that wait until the changes before them are known; `undefined`: none waits. */
  held: Live[] | undefined;
  /** The newest event that is known of. */
  last: Gsid;
  /** It stays, however idle: nothing would wake it. */
  large = false;

  constructor(key: string, topic: TopicKey, { applied, last }: { applied: Gsid; last: Gsid }) {
    this.key = key;
    this.topic = topic;
    this.applied = applied;
    this.last = last;
  }

  /** What an origin read of its group: `last` is left out for one that is never idle. */
  note(last: Gsid | undefined): void {
    if (last === undefined) this.large = true;
    else this.last = Math.max(this.last, last);
  }

  /** Hands to everybody whose interval holds it, but for `except`, who get it another way. */
  publish(publication: Publication, except?: ReadonlySet<UserId>): void {
    const { gsid } = publication;
    this.last = Math.max(this.last, gsid);
    for (const target of this.targets) {
      if (gsid <= target.floor || gsid > target.ceiling) continue;
      if (except?.has(target.receiver.user)) continue;
      target.receiver.receive(publication);
    }
  }

  /**
   * `users` left by the event `gsid`: what was committed later is not for them. Gives those of
   * whom a later join was heard before.
   */
  end(users: ReadonlySet<UserId>, gsid: Gsid): Receiver[] {
    const confused: Receiver[] = [];
    for (const target of this.targets) {
      // An interval that begins later is that of a new membership.
      if (!users.has(target.receiver.user) || target.floor >= gsid) continue;
      if (target.joined > gsid && target.ceiling > gsid) confused.push(target.receiver);
      target.ceiling = Math.min(target.ceiling, gsid);
    }
    return confused;
  }

  /** The content as text: equal for subscriptions that behave alike from here on. */
  toString(): string {
    const targets = [...this.targets].map(({ receiver, floor, ceiling, joined }) =>
      `${receiver.id}(${floor},${ceiling}]${joined}`
    );
    const held = this.held ? JSON.stringify(this.held) : "nothing";
    const age = this.large ? "large" : this.last;
    return `${this.key}>${this.applied}/${age}:${targets.sort()} holds ${held}`;
  }
}
