/**
 * The statements that append to the log. What they do is written in `origin/store/migrations`.
 *
 * Invariant: one call is one transaction, so it happens wholly or not at all.
 *
 * @module
 */

import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import { type ConversationId, groupConversation } from "shared/ids.ts";
import type { Sql } from "origin/store/sql.ts";
import type { CommittedEvent } from "./committed.ts";
import type { GroupChange, Message } from "./command.ts";

export interface Appended {
  outcome: "stored" | "duplicate" | "conflict" | "stranger";
  /** Of the message, now or when it was first stored. */
  gsid: Gsid;
  prev: Gsid;
  membership: Gsid;
  members: number;
  woke: Gsid;
}

type Row = [
  outcome: Appended["outcome"],
  ...[gsid: Gsid, prev: Gsid, membership: Gsid, members: number, woke: Gsid],
];

/**
 * In the order of the messages. A group that was silent for longer than `archiveAfterMs` wakes.
 *
 * A batch goes as a text for each column and returns as one JSON: the driver would escape every
 * element of an array, and read every field of a row, at several times the price.
 */
export async function appendMessages(
  sql: Sql,
  messages: Message[],
  archiveAfterMs: number,
): Promise<Appended[]> {
  const lines = (column: (message: Message) => string) =>
    sql`trim_array(string_to_array(${linesOf(messages, column)}, chr(10)), 1)`;
  const nullableLines = (column: (message: Message) => string | undefined) =>
    sql`trim_array(string_to_array(${linesOf(messages, column)}, chr(10), ''), 1)`;
  const [{ rows }] = await sql<[{ rows: Row[] }]>`
    select json_agg(json_build_array(outcome, gsid, prev, membership, members, woke)) as rows
    from append_messages(
      ${lines((m) => m.sender)},
      ${lines((m) => m.id)},
      ${lines((m) => m.digest)},
      ${lines((m) => m.kind)},
      ${lines((m) => m.conversation)},
      ${nullableLines((m) => m.inboxes[0])},
      ${nullableLines((m) => m.inboxes[1])},
      ${lines((m) => m.fields)},
      ${archiveAfterMs * GSID_PER_MS}
    )`;
  return rows.map(([outcome, gsid, prev, membership, members, woke]) => ({
    outcome,
    gsid,
    prev,
    membership,
    members,
    woke,
  }));
}

/** A line for each message, which nothing breaks: ids hold no control character, nor does JSON. */
function linesOf(
  messages: readonly Message[],
  column: (message: Message) => string | undefined,
): string {
  let lines = "";
  for (const message of messages) lines += `${column(message) ?? ""}\n`;
  return lines;
}

export type Changed =
  | { outcome: "stored"; gsid: Gsid }
  | { outcome: "unchanged"; gsid: Gsid }
  | { outcome: "exists" | "stranger" | "denied" | "last_owner" };

interface ChangeRow {
  outcome: Changed["outcome"];
  gsid: Gsid | null;
}

/** `operation` names this command: running it again tells what it did, and does nothing. */
export async function changeGroup(
  sql: Sql,
  operation: string,
  change: GroupChange,
  archiveAfterMs: number,
): Promise<Changed> {
  const { group, by } = change;
  const conversation = groupConversation(group);
  const users = change.change === "leave" ? [by] : change.members;
  const silence = archiveAfterMs * GSID_PER_MS;
  const [{ outcome, gsid }] = await (() => {
    switch (change.change) {
      case "create":
        return sql<[ChangeRow]>`
          select * from create_group(${operation}, ${group}, ${conversation}, ${by},
            ${[...new Set([by, ...users])]}::text[], ${change.name ?? null})`;
      case "add":
        return sql<[ChangeRow]>`
          select * from add_members(${operation}, ${group}, ${conversation}, ${by},
            ${[...new Set(users)]}::text[], ${silence})`;
      case "remove":
      case "leave":
        return sql<[ChangeRow]>`
          select * from remove_members(${operation}, ${group}, ${conversation}, ${by},
            ${[...new Set(users)]}::text[], ${change.change === "leave"}, ${silence})`;
    }
  })();
  return (gsid === null ? { outcome } : { outcome, gsid }) as Changed;
}

/** Of these, the conversations that somebody outside of the log has locked; it waits for nobody. */
export async function lockedOf(
  sql: Sql,
  conversations: readonly ConversationId[],
): Promise<Set<ConversationId>> {
  const rows = await sql<{ conversation: ConversationId }[]>`
    with free as (
      select conversation from conversations
      where conversation = any(${conversations as ConversationId[]}::text[])
      for no key update skip locked
    )
    select conversation from conversations
    where conversation = any(${conversations as ConversationId[]}::text[])
      and conversation not in (select conversation from free)`;
  return new Set(rows.map(({ conversation }) => conversation));
}

/** Events as they were at their commit, in GSID order; the group may have woken again since. */
export async function readCommitted(sql: Sql, gsids: Gsid[]): Promise<CommittedEvent[]> {
  return await sql<CommittedEvent[]>`
    select e.gsid, e.type, e.conversation, e.prev, e.sender, e.fields, e.inboxes,
           coalesce(m.gsid, 0) as membership, c.members, c.woke
    from events e
    join conversations c using (conversation)
    left join lateral (
      select p.gsid from events p
      where c.kind = 'group' and p.conversation = e.conversation and p.gsid < e.gsid
        and p.type in ('group.created', 'group.joined', 'group.left')
      order by p.gsid desc limit 1
    ) m on true
    where e.gsid = any(${gsids}::bigint[])
    order by e.gsid`;
}
