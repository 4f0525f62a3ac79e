/**
 * Who of those that a change would bring into a group is in too many already.
 *
 * Invariant: counted before the log's lock is taken, and so never exact: changes that were under way
 * at the same time are not seen. An origin has as many of them as its lane of calls has places, far
 * fewer than what a message of all groups has room for. Says nothing to who may not change the group.
 *
 * @module
 */

import { groupConversation, type GroupId, type UserId } from "shared/ids.ts";
import { type WireError, wireError } from "shared/wire/codes.ts";
import type { Sql } from "../store/sql.ts";

export interface Joining {
  change: "create" | "add";
  group: GroupId;
  by: UserId;
  users: readonly UserId[];
}

export interface CountedBy {
  sql: Sql;
  /** Who is in as many groups is added to no other. */
  maxUserGroups: number;
}

/** The error that names them, or `undefined`: there are none. */
export async function fullMembers(
  { sql, maxUserGroups: most }: CountedBy,
  { change, group, by, users }: Joining,
): Promise<WireError | undefined> {
  const conversation = groupConversation(group);
  // A group that somebody is in stays as it is, whoever makes it again.
  const concerns = change === "create"
    ? sql`not exists (
        select 1 from members where conversation = ${conversation} and left_at is null
      )`
    : sql`exists (
        select 1 from members
        where conversation = ${conversation} and user_id = ${by} and left_at is null
          and role <> 'member'
      )`;
  const rows = await sql<{ user: UserId }[]>`
    select u.user_id as user
    from (select distinct unnest(${users as UserId[]}::text[]) collate "C" as user_id) u
    where ${concerns}
      and not exists (
        select 1 from members
        where conversation = ${conversation} and user_id = u.user_id and left_at is null
      )
      and ${most}::int <= (
        select count(*) from (
          select 1 from members
          where user_id = u.user_id and conversation like 'group:%' and left_at is null
          limit ${most}::int
        ) held
      )
    order by u.user_id`;
  if (rows.length === 0) return;
  const names = JSON.stringify(rows.map(({ user }) => user));
  return wireError(
    "tooManyGroups",
    `in ${most} groups already, the most that one may be: ${names}`,
  );
}
