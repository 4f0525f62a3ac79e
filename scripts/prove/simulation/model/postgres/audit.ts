/**
 * What the late check and the pager read and write.
 *
 * @module
 */

import { type Gsid, GSID_PER_MS, gsidAt } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { hasReceived, type Stretches } from "shared/received.ts";
import { above, between, holds, type Tables } from "./tables.ts";

interface Interval {
  after: Gsid;
  upto: Gsid;
}

export interface NewJob {
  gsid: Gsid;
  user: UserId;
}

/** The lowest gsid of an event committed so many milliseconds ago. */
function gsidAgo(nowMs: number, ageMs: number): Gsid {
  return gsidAt(Math.floor(nowMs) - ageMs);
}

export function markOf(tables: Tables, nowMs: number) {
  const next = tables.events[above(tables.events, tables.checked)];
  const behind = next ? Math.max(0, gsidAgo(nowMs, 0) - next.gsid) : 0;
  const head = tables.events.at(-1)?.gsid ?? 0;
  return { checked: tables.checked, behindMs: behind / GSID_PER_MS, head };
}

export function lateEvents(
  tables: Tables,
  nowMs: number,
  { after, ageMs, seen, limit }: { after: Gsid; ageMs: number; seen: Gsid; limit: number },
) {
  const upto = Math.max(gsidAgo(nowMs, ageMs), seen);
  return between(tables.events, after, upto).slice(0, limit)
    .map(({ gsid, type, conversation }) => ({
      gsid,
      type,
      conversation,
      members: tables.conversations.get(conversation)!.members,
    }));
}

export function reachableIn(
  tables: Tables,
  conversations: readonly ConversationId[],
  { after, upto }: Interval,
): { user_id: UserId }[] {
  const users = new Set<UserId>();
  for (const conversation of conversations) {
    for (const { user, joined, left } of tables.membersOf(conversation)) {
      if (joined <= upto && (left === null || left > after)) users.add(user);
    }
  }
  return [...users].filter((user) => tables.canBePushed(user)).map((user) => ({ user_id: user }));
}

/** The jobs of these users for messages of these conversations, whether they exist or not. */
export function jobsLacking(
  tables: Tables,
  lacking: readonly { user: UserId; received: Stretches }[],
  conversations: readonly ConversationId[],
  { after, upto }: Interval,
): NewJob[] {
  const jobs: NewJob[] = [];
  for (const conversation of conversations) {
    const events = between(tables.ofConversation.get(conversation), after, upto)
      .filter(({ type }) => type === "message");
    for (const row of tables.membersOf(conversation)) {
      for (const { user, received } of lacking) {
        if (user !== row.user) continue;
        for (const { gsid, sender } of events) {
          if (!hasReceived(received, gsid) && sender !== user && holds(row, gsid)) {
            jobs.push({ gsid, user });
          }
        }
      }
    }
  }
  return jobs;
}

export function recentOf(tables: Tables, nowMs: number, ageMs: number, users: readonly UserId[]) {
  return {
    after: Math.max(tables.checked, gsidAgo(nowMs, ageMs)),
    upto: tables.last,
    reachable: users.filter((user) => tables.canBePushed(user)),
  };
}

export function activeOf(
  tables: Tables,
  users: readonly UserId[],
  after: Gsid,
  largeGroup: number,
): { conversation: ConversationId }[] {
  const active: { conversation: ConversationId }[] = [];
  for (const [conversation, rows] of tables.members) {
    const { last, members } = tables.conversations.get(conversation) ?? { last: 0, members: 0 };
    if (last <= after || members > largeGroup) continue;
    if (rows.some(({ user }) => users.includes(user))) active.push({ conversation });
  }
  return active;
}

export function openPage(tables: Tables) {
  const open = [...tables.pages.values()].filter(({ finished }) => !finished);
  const page = open.sort((one, other) => one.gsid - other.gsid)[0];
  if (!page) return;
  const event = tables.event(page.gsid);
  const { conversation = null, sender = null } = event ?? {};
  return { gsid: page.gsid, walked: page.walked, conversation, sender };
}

export function membersToWalk(
  tables: Tables,
  options: {
    conversation: ConversationId;
    walked: string;
    gsid: Gsid;
    sender: UserId | null;
    limit: number;
  },
): { user_id: UserId; reachable: boolean }[] {
  const { conversation, walked, gsid, sender, limit } = options;
  return tables.membersOf(conversation)
    .filter((row) => row.user > walked && holds(row, gsid) && row.user !== sender)
    .sort((one, other) => one.user < other.user ? -1 : 1)
    .slice(0, limit)
    .map(({ user }) => ({ user_id: user, reachable: tables.canBePushed(user) }));
}

export function pagesToForget(tables: Tables, keptGsids: Gsid): Gsid[] {
  return [...tables.pages.values()]
    .filter(({ gsid, finished }) => finished && gsid <= tables.checked - keptGsids)
    .map(({ gsid }) => gsid);
}
