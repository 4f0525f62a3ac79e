/**
 * A database and the origin that reads it, as small as a simulation can have them.
 *
 * Invariant: the order of its events is their gsids' order, and it knows who was a member when each
 * was committed. For tests alone.
 *
 * @module
 */

import type { Live } from "shared/bus/live.ts";
import type { CatchUp, CaughtUp, Digest, Mend } from "shared/bus/requests.ts";
import { isIdle } from "shared/gsid.ts";
import { groupConversation, type GroupId, type UserId } from "shared/ids.ts";
import { groupTopic, inboxTopic, type TopicKey } from "shared/topic.ts";
import { pick, type Random } from "testing/random.ts";

export interface Stored extends Live {
  topics: TopicKey[];
  /** The event of the group before it. */
  prev: number;
  /** Who was a member when it was committed. */
  readers: Set<UserId>;
}

const GROUP = "g" as GroupId;
const G = groupTopic(GROUP);
export const USERS = ["ana", "ben", "cleo"] as UserId[];

/** The database and the origin that reads it. */
export class Database {
  readonly events: Stored[] = [];
  readonly members = new Map<UserId, number>();
  head = 16;
  /** Nothing happens in the group. */
  quiet = false;
  #membership = 0;
  /** The last event of the group. */
  #last = 0;

  append(topics: TopicKey[], readers: UserId[], kind: Live["kind"] = "event", data = {}): Stored {
    this.head += 16;
    const gsid = this.head;
    const isOfGroup = topics.includes(G);
    const membership = isOfGroup ? this.#membership : 0;
    const conversation = isOfGroup ? groupConversation(GROUP) : "dm";
    const text = JSON.stringify({ gsid, conversation, type: "message", ...data });
    const event = {
      gsid,
      kind,
      membership,
      data: text,
      topics,
      prev: this.#last,
      readers: new Set(readers),
    };
    this.events.push(event);
    if (kind === "membership") this.#membership = gsid;
    if (isOfGroup) this.#last = gsid;
    return event;
  }

  /** A message by `sender`, to a user or to the group. */
  message(random: Random, sender = pick(USERS, random)): Stored {
    const readers = [...this.members.keys()];
    if (random() < 0.5 && readers.includes(sender) && !this.quiet) return this.append([G], readers);
    const to = pick(USERS, random);
    const topics = [inboxTopic(sender), ...(to === sender ? [] : [inboxTopic(to)])];
    return this.append(topics, [sender, to]);
  }

  toggle(user: UserId): Stored {
    const joins = !this.members.has(user);
    if (joins) this.members.set(user, this.head + 16);
    const readers = [...this.members.keys()];
    if (!joins) this.members.delete(user);
    const type = joins ? "group.joined" : "group.left";
    const data = { type, group: GROUP, members: [user] };
    return this.append([G, inboxTopic(user)], readers, "membership", data);
  }

  groups(user: UserId) {
    if (!this.members.has(user)) return [];
    return [{ group: GROUP, membership: this.#membership, last: this.#last }];
  }

  /** The inboxes that hear of it beside its topics, if it comes to a group that was idle. */
  wakes({ gsid, prev, topics }: Stored, archiveAfterMs: number): TopicKey[] {
    if (!topics.includes(G) || !isIdle(prev, gsid, archiveAfterMs)) return [];
    return [...this.members.keys()].map(inboxTopic).filter((topic) => !topics.includes(topic));
  }

  catchUp(read: Omit<CatchUp, "v">, limit: number) {
    const upto = read.upto ?? this.head;
    const after = read.after?.gsid ?? upto;
    const events = this.events.filter((e) =>
      e.gsid > after && e.gsid <= upto && e.readers.has(read.user) &&
      (read.group === undefined || e.topics.includes(G))
    );
    const header: CaughtUp = {
      v: 1,
      epoch: "E",
      head: upto,
      recovered: read.after !== undefined,
      groups: this.groups(read.user),
      more: events.length > limit,
    };
    return { header, events: events.slice(0, limit) };
  }

  mend({ topics, after, upto }: Omit<Mend, "v">) {
    const found = this.events.filter((e) => e.gsid > after && e.gsid <= upto).flatMap((e) =>
      e.topics.filter((t) => topics.includes(t)).map((t) => ({ e, at: topics.indexOf(t) }))
    );
    const header = { v: 1 as const, topics: found.map(({ at }) => at) };
    return { header, events: found.map(({ e }) => e) };
  }

  changes(after: number): Live[] {
    return this.events.filter((e) => e.kind === "membership" && e.gsid > after);
  }

  digest(after: number, upto: number): Digest {
    const sums = new Map<TopicKey, [number, bigint]>();
    for (const { gsid, topics } of this.events) {
      if (gsid <= after || gsid > upto) continue;
      for (const topic of topics) {
        const [count, xor] = sums.get(topic) ?? [0, 0n];
        sums.set(topic, [count + 1, xor ^ BigInt(gsid)]);
      }
    }
    const topics = [...sums].map((
      [t, [n, xor]],
    ): [TopicKey, number, number] => [t, n, Number(xor)]);
    return { v: 1, epoch: "E", after, upto, topics };
  }
}
