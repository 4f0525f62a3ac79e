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
import {
  type ConversationId,
  type DeviceId,
  groupConversation,
  type GroupId,
  parseConversation,
  type UserId,
} from "shared/ids.ts";
import type { Sql } from "./sql.ts";

export interface Snapshot {
  epoch: string;
  head: Gsid;
  /** Database time in ms since 1970. */
  at: number;
  groups: GroupState[];
  /** Tokens that were issued before this are good no more. Only when it was asked for. */
  revoked?: number;
}

export type Head = Pick<Snapshot, "epoch" | "head">;

export async function readHead(sql: Sql): Promise<Head> {
  const [head] = await sql<[Head]>`select epoch, last as head from log`;
  return head;
}

interface Row extends Omit<Snapshot, "groups" | "revoked"> {
  revoked: number | null;
  conversation: ConversationId | null;
  membership: Gsid | null;
  latest: Gsid | null;
  members: number | null;
}

export interface SnapshotOf {
  user: UserId;
  /** Only whether the user is in this one. */
  group?: GroupId;
  /** Also what was revoked of this device's tokens; of any device's, when it is not known which. */
  revokedOf?: { device: DeviceId | undefined };
}

/** `largeGroup`: a group with more members is told without its last event. */
export async function readSnapshot(
  sql: Sql,
  { user, group, revokedOf }: SnapshotOf,
  largeGroup: number,
): Promise<Snapshot> {
  const asked = group === undefined
    ? sql`m.conversation like 'group:%'`
    : sql`m.conversation = ${groupConversation(group)}`;
  const rows = await sql<Row[]>`
    select l.epoch, l.last as head, floor(extract(epoch from clock_timestamp()) * 1000)::bigint as at,
           ${
    revokedOf === undefined ? sql`null::bigint` : latestOf(sql, user, revokedOf.device)
  } as revoked,
           g.conversation, g.membership, g.latest, g.members
    from log l
    left join (
      select c.conversation, c.membership, c.last as latest, c.members
      from members m join conversations c on c.conversation = m.conversation
      where m.user_id = ${user} and ${asked} and m.left_at is null
    ) g on true`;
  const { epoch, head, at, revoked } = rows[0]!;
  const groups = rows.flatMap((row) => groupOf(row, largeGroup));
  return { epoch, head, at, groups, ...(revoked !== null && { revoked }) };
}

function latestOf(sql: Sql, user: UserId, device: DeviceId | undefined) {
  const which = device === undefined ? sql`` : sql`and device in ('', ${device})`;
  return sql`(select max(before_ms) from revocations where user_id = ${user} ${which})`;
}

function groupOf({ conversation, membership, latest, members }: Row, most: number): GroupState[] {
  const parsed = conversation === null ? undefined : parseConversation(conversation);
  if (parsed?.kind !== "group") return [];
  const isLarge = members! > most;
  return [{ group: parsed.group, membership: membership!, ...(!isLarge && { last: latest! }) }];
}
