/**
 * A hub for tests: on a bus of its own that does nothing by itself, with connections that write
 * down what they are handed.
 *
 * @module
 */

import type { BusMessage } from "shared/bus/bus.ts";
import { encodeLive, type Live } from "shared/bus/live.ts";
import type { GroupState } from "shared/bus/requests.ts";
import { GSID_PER_MS } from "shared/gsid.ts";
import type { ConnectionId, GroupId, UserId } from "shared/ids.ts";
import { groupTopic, subjectOf, type TopicKey } from "shared/topic.ts";
import { Hub } from "./hub.ts";
import { Ledger } from "./ledger.ts";
import type { Publication } from "./publication.ts";
import type { Receiver } from "./topics.ts";

export const g = "g" as GroupId;
export const G = groupTopic(g);
/** In gsids: a group whose last event lies further below `proven` is idle. */
export const IDLE_AFTER = 100;

export interface Seen extends Receiver {
  live: boolean;
  got: number[];
  offsets: (number | undefined)[];
  gains: [string, number, number][];
  confused: number;
}

export function receiver(id: string, user: string): Seen {
  const seen: Seen = {
    id: id as ConnectionId,
    user: user as UserId,
    live: true,
    got: [],
    offsets: [],
    gains: [],
    confused: 0,
    receive(publication: Publication) {
      seen.got.push(publication.gsid);
      seen.offsets.push(publication.offset);
    },
    gained: (group, joined, cursor) => seen.gains.push([group, joined, cursor]),
    outOfOrder: () => seen.confused++,
    control() {},
    proved() {},
  };
  return seen;
}

/** `changes`: what an origin reads of the group's memberships. */
export function hubRig(changes: Live[] = [], proven = 10) {
  const handlers = new Map<string, Set<(message: BusMessage) => void>>();
  const ledger = new Ledger();
  const reads: number[] = [];
  const log: string[] = [], handed: string[] = [];
  const hub = new Hub({
    ledger,
    subscribe(subject, handle) {
      const all = handlers.get(subject) ?? new Set();
      handlers.set(subject, all.add(handle));
      return { unsubscribe: () => void all.delete(handle) };
    },
    readChanges(_group, after) {
      reads.push(after);
      return Promise.resolve(changes.filter(({ gsid }) => gsid > after));
    },
    pause: () => Promise.resolve(),
    archiveAfterMs: IDLE_AFTER / GSID_PER_MS,
    hashKey: [1, 2],
    events: {
      handed: ({ gsid }, source) => void handed.push(`${gsid} ${source}`),
      poisoned: (topic) => log.push(`poisoned ${topic}`),
      woken: (by) => log.push(`woken by ${by}`),
      archived: () => log.push("archived"),
    },
  });
  ledger.begin(proven, "E");
  const publish = (topic: TopicKey, live: Partial<Live>) => {
    const data = encodeLive({ kind: "event", gsid: 0, membership: 0, data: "{}", ...live });
    const message = { subject: subjectOf(topic), data, respond() {} };
    for (const handle of handlers.get(message.subject) ?? []) handle(message);
  };
  const listening = (topic: TopicKey) => handlers.get(subjectOf(topic))?.size ?? 0;
  return { hub, ledger, publish, reads, listening, log, handed };
}

/** Without `last` the group is never idle. */
export function state(group: GroupId, membership: number, last?: number): GroupState {
  return { group, membership, ...(last !== undefined && { last }) };
}

export function enter(hub: Hub, receiver: Receiver, group: GroupId, membership: number): void {
  hub.audience.enterGroups(receiver, [state(group, membership)]);
}

export const membership = (type: string, gsid: number, members: string[], before = 0): Live => ({
  kind: "membership",
  gsid,
  membership: before,
  data: JSON.stringify({ type, conversation: "group:g", group: "g", members }),
});
