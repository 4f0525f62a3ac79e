/**
 * Where the log stands, and which groups somebody is in, at one moment.
 *
 * Invariant: one statement, so one snapshot: an event up to `head` is visible, one above is not,
 * and the groups are those of exactly that moment.
 *
 * @module
 */

import type { GroupState } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import { type ConversationId, parseConversation, type UserId } from "shared/ids.ts";
import type { Sql } from "./sql.ts";

export interface Snapshot {
  epoch: string;
  head: Gsid;
  /** Database time in ms since 1970. */
  at: number;
  groups: GroupState[];
}

export type Head = Pick<Snapshot, "epoch" | "head">;

export async function readHead(sql: Sql): Promise<Head> {
  const [head] = await sql<[Head]>`select epoch, last as head from log`;
  return head;
}

interface Row extends Omit<Snapshot, "groups"> {
  conversation: ConversationId | null;
  membership: Gsid | null;
  latest: Gsid | null;
  members: number | null;
}

/** `largeGroup`: a group with more members is told without its last event. */
export async function readSnapshot(
  sql: Sql,
  user: UserId,
  largeGroup: number,
): Promise<Snapshot> {
  const rows = await sql<Row[]>`
    select l.epoch, l.last as head, floor(extract(epoch from clock_timestamp()) * 1000)::bigint as at,
           g.conversation, g.membership, g.latest, g.members
    from log l
    left join (
      select c.conversation, c.membership, c.last as latest, c.members
      from members m join conversations c on c.conversation = m.conversation
      where m.user_id = ${user} and m.conversation like 'group:%' and m.left_at is null
    ) g on true`;
  const { epoch, head, at } = rows[0]!;
  return { epoch, head, at, groups: rows.flatMap((row) => groupOf(row, largeGroup)) };
}

function groupOf({ conversation, membership, latest, members }: Row, most: number): GroupState[] {
  const parsed = conversation === null ? undefined : parseConversation(conversation);
  if (parsed?.kind !== "group") return [];
  const isLarge = members! > most;
  return [{ group: parsed.group, membership: membership!, ...(!isLarge && { last: latest! }) }];
}
