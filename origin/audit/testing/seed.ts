/**
 * Conversations and events as tests of the auditors need them: at times of their choice.
 *
 * @module
 */

import type { StoredEvent } from "shared/event.ts";
import { type Gsid, gsidAt } from "shared/gsid.ts";
import {
  type ConversationId,
  directConversation,
  groupConversation,
  type GroupId,
  type UserId,
} from "shared/ids.ts";
import type { Sql } from "../../store/sql.ts";

export const team = groupConversation("team" as GroupId);
export const user = (name: string) => name as UserId;
export const direct = (one: string, other: string) => directConversation(user(one), user(other));

/** The gsid of an event committed so many milliseconds ago, by the clock of this machine. */
export function ago(ms: number): Gsid {
  return gsidAt(Date.now() - ms);
}

export interface Membership {
  user: string;
  joined?: Gsid;
  left?: Gsid;
}

/** A conversation with these members; those named by a string are in it from the start. */
export async function seedConversation(
  sql: Sql,
  conversation: ConversationId,
  members: (string | Membership)[],
): Promise<void> {
  const all = members.map((each): Membership => typeof each === "string" ? { user: each } : each);
  const present = all.filter(({ left }) => left === undefined).length;
  await sql`
    insert into conversations (conversation, kind, last, members)
    values (${conversation}, ${
    conversation.startsWith("dm:") ? "direct" : "group"
  }, 0, ${present})`;
  for (const { user, joined, left } of all) {
    await sql`
      insert into members (conversation, user_id, role, joined, left_at)
      values (${conversation}, ${user}, 'member', ${joined ?? 0}, ${left ?? null})`;
  }
}

export type SeedEvent = Pick<StoredEvent, "gsid" | "conversation"> & {
  type?: StoredEvent["type"];
  sender?: string;
  inboxes?: string[];
};

/** Appends events, in the order given, and moves the head to the last. */
export async function seedEvents(sql: Sql, events: SeedEvent[]): Promise<void> {
  for (const { gsid, conversation, type, sender, inboxes } of events) {
    await sql`
      insert into events (gsid, type, conversation, prev, sender, fields, inboxes)
      values (${gsid}, ${type ?? "message"}, ${conversation}, 0, ${sender ?? null}, '{}',
        ${inboxes ?? []})`;
    await sql`update conversations set last = ${gsid} where conversation = ${conversation}`;
    await sql`update log set last = ${gsid}`;
  }
}

export async function seedTargets(sql: Sql, users: string[]): Promise<void> {
  for (const user of users) {
    await sql`
      insert into push_targets (platform, token, user_id, device)
      values ('fcm', ${`token of ${user}`}, ${user}, 'phone')`;
  }
}

/** The jobs that exist: `<user> <gsid>`, sorted by gsid and user. */
export async function jobsOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ user_id: string; gsid: Gsid }[]>`
    select user_id, gsid from push_jobs order by gsid, user_id`;
  return rows.map(({ user_id, gsid }) => `${user_id} ${gsid}`);
}

export async function markOf(sql: Sql): Promise<Gsid> {
  const [row] = await sql<{ checked: Gsid }[]>`select checked from audit`;
  return row!.checked;
}
