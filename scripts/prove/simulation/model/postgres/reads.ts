/**
 * What origins read of events, memberships and intervals.
 *
 * @module
 */

import { MEMBERSHIP_TYPES } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import { compareBytes, type ConversationId, type UserId } from "shared/ids.ts";
import { above, between, type EventRow, type MemberRow, SYSTEM, type Tables } from "./tables.ts";

interface Interval {
  after: Gsid;
  upto: Gsid;
}

/** `only`: of this group alone. */
export function snapshotOf(
  tables: Tables,
  user: UserId,
  { nowMs, revoked = null, only }: {
    nowMs: number;
    revoked: number | null | undefined;
    only: ConversationId | undefined;
  },
) {
  const base = { epoch: tables.epoch, head: tables.last, at: Math.floor(nowMs), revoked };
  const groups = groupsOf(tables, user).filter(({ conversation, row }) =>
    row.left === null && (only === undefined || conversation === only)
  );
  const none = { conversation: null, membership: null, latest: null, members: null };
  if (groups.length === 0) return [{ ...base, ...none }];
  return groups.map(({ conversation }) => {
    const { membership, last: latest, members } = tables.conversations.get(conversation)!;
    return { ...base, conversation, membership, latest, members };
  });
}

/** Who would come into a group by the change, and is in too many. `by`: of an addition to it. */
export function fullMembers(
  tables: Tables,
  { users, conversation, by, most }: {
    users: UserId[];
    conversation: ConversationId;
    by: UserId | undefined;
    most: number;
  },
): { user: UserId }[] {
  const role = by && tables.roleIn(conversation, by);
  const concerns = by === undefined
    ? tables.membersOf(conversation).every(({ left }) => left !== null)
    : role !== undefined && role !== "member";
  if (!concerns) return [];
  const isFull = (user: UserId) =>
    groupsOf(tables, user).filter(({ row }) => row.left === null).length >= most;
  return [...new Set(users)]
    .filter((user) => tables.roleIn(conversation, user) === undefined && isFull(user))
    .sort(compareBytes)
    .map((user) => ({ user }));
}

/** The gsids in an interval that reached a user, in order, each once. */
export function reachingUser(tables: Tables, user: UserId, { after, upto }: Interval): Gsid[] {
  const gsids = new Set<Gsid>();
  for (const { gsid } of between(tables.ofInbox.get(user), after, upto)) gsids.add(gsid);
  for (const { gsid } of between(tables.ofConversation.get(SYSTEM), after, upto)) gsids.add(gsid);
  for (const { conversation, row } of groupsOf(tables, user)) {
    for (const { gsid } of whileMember(tables, conversation, row, { after, upto })) gsids.add(gsid);
  }
  return [...gsids].sort((one, other) => one - other);
}

export function reachingByGroup(
  tables: Tables,
  user: UserId,
  conversation: ConversationId,
  interval: Interval,
): Gsid[] {
  const stays = tables.membersOf(conversation).filter((row) => row.user === user);
  return stays.flatMap((row) => whileMember(tables, conversation, row, interval))
    .map(({ gsid }) => gsid).sort((one, other) => one - other);
}

/** As many as fit, oldest first; at least one. */
export function readEvents(
  tables: Tables,
  gsids: readonly Gsid[],
  maxBytes: number,
  overhead: number,
): EventRow[] {
  const rows = gsids.flatMap((gsid) => tables.event(gsid) ?? []);
  rows.sort((one, other) => one.gsid - other.gsid);
  let bytes = 0;
  const fits = rows.filter((row, index) => {
    bytes += row.fields.length + row.conversation.length + overhead;
    return index === 0 || bytes <= maxBytes;
  });
  return fits;
}

export function readCommitted(tables: Tables, gsids: readonly Gsid[]) {
  return gsids.flatMap((gsid) => tables.event(gsid) ?? [])
    .sort((one, other) => one.gsid - other.gsid)
    .map((row) => {
      const { members, woke } = tables.conversations.get(row.conversation)!;
      return { ...row, members, woke };
    });
}

export function membersAt(tables: Tables, conversation: ConversationId, membership: Gsid) {
  return tables.membersOf(conversation)
    .filter(({ joined, left }) => joined <= membership && (left === null || left > membership))
    .map(({ user }) => ({ user_id: user }));
}

export function changesOf(tables: Tables, conversation: ConversationId, after: Gsid) {
  const events = tables.ofConversation.get(conversation) ?? [];
  return events.slice(above(events, after)).filter(({ type }) => MEMBERSHIP_TYPES.has(type));
}

/** Which events in an interval are on which of some topics: those of a user or a conversation. */
export function reachedOn(
  tables: Tables,
  users: (UserId | null)[],
  conversations: (ConversationId | null)[],
  { after, upto }: Interval,
): { gsid: Gsid; topic: number; members: number }[] {
  return users.flatMap((user, topic) => {
    const conversation = conversations[topic] ?? null;
    const members = (conversation && tables.conversations.get(conversation)?.members) ?? 0;
    return [
      ...(user === null ? [] : between(tables.ofInbox.get(user), after, upto)),
      ...(conversation === null
        ? []
        : between(tables.ofConversation.get(conversation), after, upto)),
    ].map(({ gsid }) => ({ gsid, topic, members }));
  }).sort((one, other) => one.gsid - other.gsid || one.topic - other.topic);
}

type Sum = [name: string, count: number, xor: Gsid];

/** The sums of a digest. */
export function sumsAfter(tables: Tables, after: Gsid, limit: number) {
  const from = Math.min(after, tables.last);
  const revoked = tables.revocations.after(from, limit);
  const revokedUpto = revoked.length === limit ? revoked.at(-1)!.gsid : null;
  const found = between(tables.events, from, revokedUpto ?? tables.last).slice(0, limit);
  const conversations = new Map<string, bigint[]>(), inboxes = new Map<string, bigint[]>();
  const add = (sums: Map<string, bigint[]>, name: string, gsid: Gsid) => {
    const gsids = sums.get(name) ?? [];
    sums.set(name, gsids);
    gsids.push(BigInt(gsid));
  };
  for (const { gsid, conversation, inboxes: users } of found) {
    if (!conversation.startsWith("dm:")) add(conversations, conversation, gsid);
    for (const user of users) add(inboxes, user, gsid);
  }
  const sumsOf = (sums: Map<string, bigint[]>) =>
    [...sums].map(([name, gsids]): Sum => [
      name,
      gsids.length,
      Number(gsids.reduce((xor, gsid) => xor ^ gsid, 0n)),
    ]);
  return {
    epoch: tables.epoch,
    head: tables.last,
    events: found.length,
    newest: found.at(-1)?.gsid ?? null,
    conversations: sumsOf(conversations),
    inboxes: sumsOf(inboxes),
    revoked: revoked.map(({ gsid, user, beforeMs, device }) => [gsid, user, beforeMs, device]),
    revokedUpto,
  };
}

function groupsOf(tables: Tables, user: UserId) {
  const groups: { conversation: ConversationId; row: MemberRow }[] = [];
  for (const [conversation, rows] of tables.members) {
    if (!conversation.startsWith("group:")) continue;
    for (const row of rows) if (row.user === user) groups.push({ conversation, row });
  }
  return groups;
}

function whileMember(
  tables: Tables,
  conversation: ConversationId,
  { joined, left }: MemberRow,
  { after, upto }: Interval,
): EventRow[] {
  const events = tables.ofConversation.get(conversation);
  return between(events, Math.max(after, joined - 1), left === null ? upto : Math.min(upto, left));
}
