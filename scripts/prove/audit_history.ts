/**
 * A database as an hour of a busy system leaves it.
 *
 * Invariant: its rows are what the append functions would have written; made by one statement each,
 * since nobody waits for a million sends.
 *
 * @module
 */

import { LATE_MS } from "origin/audit/late_check.ts";
import { GSID_PER_MS, gsidAt } from "shared/gsid.ts";
import type { Sql } from "origin/store/sql.ts";

export interface HistorySize {
  events: number;
  /** Of these, in the last `RECENT_MS`: what an auditor looks at. */
  recent: number;
  /** Everybody is in one direct conversation; every second one has a device to push to. */
  users: number;
  groups: number;
  membersPerGroup: number;
}

export const RECENT_MS = 20_000;
/** A thousand a second at the end. */
export const MILLION: HistorySize = {
  events: 1_000_000,
  recent: 20_000,
  users: 100_000,
  groups: 500,
  membersPerGroup: 100,
};
const HOUR_MS = 3_600_000;

export async function fillDatabase(sql: Sql, size: HistorySize): Promise<void> {
  const { users, groups, membersPerGroup: members } = size;
  const direct = users / 2;
  // A statement of the programs has 4 s, and these have a million rows.
  await sql`set statement_timeout = 0`;
  await sql`
    insert into conversations (conversation, kind, last, members)
    select 'dm:user-' || i || ':user-' || ${direct} + i, 'direct', 0, 0
    from generate_series(0, ${direct}::int - 1) i
    union all
    select 'group:group-' || i, 'group', 0, ${members}::int
    from generate_series(0, ${groups}::int - 1) i`;
  await sql`
    insert into members (conversation, user_id, role, joined)
    select 'dm:user-' || i || ':user-' || ${direct} + i, 'user-' || i + k * ${direct}, 'member', 0
    from generate_series(0, ${direct}::int - 1) i, generate_series(0, 1) k
    union all
    select 'group:group-' || i, 'user-' || (i * ${members}::int + k), 'member', 0
    from generate_series(0, ${groups}::int - 1) i, generate_series(0, ${members}::int - 1) k`;
  await sql`
    insert into push_targets (platform, token, user_id, device)
    select 'fcm', 'token-' || i, 'user-' || i, 'phone'
    from generate_series(0, ${users}::int - 1, 2) i`;
  await fillEvents(sql, size);
  await sql`analyze`;
}

/** Three of four are direct messages; the conversations take turns in no order. */
async function fillEvents(
  sql: Sql,
  { events, recent: recentEvents, users, groups, membersPerGroup: members }: HistorySize,
): Promise<void> {
  const old = events - recentEvents, direct = users / 2;
  // The newest is old enough for the late check.
  const endMs = Date.now() - LATE_MS - 1_000;
  const recent = gsidAt(endMs - RECENT_MS), first = gsidAt(endMs - HOUR_MS);
  const oldStep = Math.floor((recent - first) / old / 16) * 16;
  const recentStep = Math.floor(RECENT_MS * GSID_PER_MS / recentEvents / 16) * 16;
  await sql`
    insert into events (gsid, type, conversation, prev, sender, fields, inboxes)
    select gsid, 'message', case when is_group then 'group:group-' || g
        else 'dm:user-' || d || ':user-' || ${direct} + d end, 0,
      'user-' || case when is_group then g * ${members}::int else d end,
      '{"id":"m' || n || '","body":{"text":"as long as a message is, more or less"}}',
      case when is_group then '{}'::text[] else array['user-' || d, 'user-' || ${direct} + d] end
    from (
      select n, case when n < ${old} then ${first}::bigint + n * ${oldStep}::bigint
          else ${recent}::bigint + (n - ${old}) * ${recentStep}::bigint end as gsid,
        n % 4 = 0 as is_group, (n * 7919::bigint) % ${direct}::int as d,
        (n / 4 * 7919::bigint) % ${groups}::int as g
      from generate_series(0, ${events}::int - 1) n
    ) drawn
    order by gsid`;
  await sql`
    insert into inbox (user_id, gsid) select unnest(inboxes), gsid from events`;
  // Of each direct message somebody was told, and the row of that stays.
  await sql`
    insert into push_jobs (gsid, user_id, due_at, outcome, reason, ended_at)
    select gsid, inboxes[1], null, 'sent', '', clock_timestamp() from events
    where gsid < ${recent} and inboxes <> '{}'`;
  await sql`
    update conversations c set last = e.last
    from (select conversation, max(gsid) as last from events group by 1) e
    where e.conversation = c.conversation`;
  await sql`update log set last = (select max(gsid) from events)`;
}
