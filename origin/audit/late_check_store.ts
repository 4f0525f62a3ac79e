/**
 * What the late check reads and writes: the mark, the events behind it, their recipients, the jobs.
 *
 * Invariant: the recipients of an event are its members at commit, except its sender. A job is one
 * row for an event and a user, whoever made it first; one that has ended without a token that took
 * it is no push, and goes on when the user has another token by now. What else can spare a push,
 * such as a mark that it was read, is one more condition of `wantedJobs`.
 *
 * @module
 */

import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import type { Stretches } from "shared/received.ts";
import { NO_TARGETS } from "../push/policy.ts";
import { hasUntried } from "../push/untried.ts";
import type { Sql } from "../store/sql.ts";
import type { Lacking, LateEvent } from "./late_check.ts";
import { MAX_BATCH_EVENTS } from "./late_check.ts";

export interface Mark {
  checked: Gsid;
  /** The age of the first event behind it, by the database's clock; 0 when there is none. */
  behindMs: number;
  /** The newest event; 0 when there is none. */
  head: Gsid;
}

/** What is old: by the database's clock, or because it was seen so long ago. */
export interface Age {
  ageMs: number;
  seen: Gsid;
}

export async function readMark(sql: Sql): Promise<Mark> {
  const [row] = await sql<[Mark]>`
    select checked,
      coalesce(
        greatest(0, gsid_ago(0) - (select min(gsid) from events where gsid > checked)), 0
      )::float8 / ${GSID_PER_MS}::float8 as "behindMs",
      coalesce((select max(gsid) from events), 0) as head
    from audit`;
  return row;
}

/** The next events after the mark that are old. */
export function selectLate(
  sql: Sql,
  after: Gsid,
  { ageMs, seen }: Age,
  maxEvents = MAX_BATCH_EVENTS,
) {
  return sql<LateEvent[]>`
    select e.gsid, e.type, e.conversation, c.members
    from events e join conversations c using (conversation)
    where e.gsid > ${after} and e.gsid <= greatest(gsid_ago(${ageMs}), ${seen})
    order by e.gsid limit ${maxEvents}`;
}

interface Interval {
  after: Gsid;
  upto: Gsid;
}

/** Who was in one of these conversations meanwhile and can be pushed to at all. */
export async function selectReachable(
  sql: Sql,
  conversations: ConversationId[],
  { after, upto }: Interval,
): Promise<UserId[]> {
  const rows = await sql<{ user_id: UserId }[]>`
    select distinct m.user_id from members m
    where m.conversation = any(${conversations})
      and m.joined <= ${upto} and (m.left_at is null or m.left_at > ${after})
      and exists (select from push_targets t where t.user_id = m.user_id)`;
  return rows.map((row) => row.user_id);
}

/** Makes the jobs that are missing, and says how many those were. */
export async function insertJobs(
  sql: Sql,
  lacking: Lacking[],
  conversations: ConversationId[],
  interval: Interval,
): Promise<number> {
  if (lacking.length === 0 || conversations.length === 0) return 0;
  const { count } = await sql`
    insert into push_jobs (gsid, user_id) ${wantedJobs(sql, lacking, conversations, interval)}
    on conflict do nothing`;
  return count;
}

/** Sorted, so that two origins that make the same jobs never wait for each other. */
function wantedJobs(
  sql: Sql,
  lacking: Lacking[],
  conversations: ConversationId[],
  { after, upto }: Interval,
  given = sql`true`,
) {
  const users = lacking.map(({ user }) => user);
  const received = lacking.map((each) => multirangeOf(each.received));
  return sql`
    select e.gsid, m.user_id
    from unnest(${users}::text[], ${received}::text[]::int8multirange[])
      as lacking(user_id, received)
    join members m on m.user_id = lacking.user_id and m.conversation = any(${conversations})
    join events e on e.conversation = m.conversation
      and e.gsid > ${after} and e.gsid <= ${upto} and not e.gsid <@ lacking.received
      and e.gsid >= m.joined and (m.left_at is null or e.gsid <= m.left_at)
    where e.type = 'message' and e.sender is distinct from m.user_id and ${given}
    order by m.user_id, e.gsid`;
}

/** As Postgres writes it. */
function multirangeOf(stretches: Stretches): string {
  return `{${stretches.map(({ after, upto }) => `(${after},${upto}]`).join(",")}}`;
}

/** What a batch of the late check found: the mark moves from `after` to `upto`. */
export interface Findings extends Interval {
  lacking: Lacking[];
  conversations: ConversationId[];
  paged: Gsid[];
}

/** Whether the job `done` found nobody, or nobody who took it. */
function isUnreached(sql: Sql) {
  return sql`done.outcome <> 'sent'
    and (done.reason = ${NO_TARGETS} or done.progress::text ~ '"(pruned|refused)"')`;
}

/**
 * Makes the jobs and pages that are missing and moves the mark, in one statement. `undefined`:
 * another checker has moved it meanwhile, and nothing was done.
 */
export async function commitFindings(
  sql: Sql,
  { lacking, conversations, paged, ...interval }: Findings,
): Promise<{ jobs: number; pages: number } | undefined> {
  const { after, upto } = interval;
  const given = sql`exists (select from moved)`;
  const [row] = await sql<[{ moved: boolean; jobs: number; pages: number }]>`
    with moved as (
      update audit set checked = ${upto} where checked = ${after} returning checked
    ), wanted as materialized (
      ${wantedJobs(sql, lacking, conversations, interval, given)}
    ), jobs as (
      insert into push_jobs (gsid, user_id)
      select gsid, user_id from wanted order by user_id, gsid
      on conflict do nothing returning gsid
    ), opened as (
      update push_jobs done set due_at = clock_timestamp(), outcome = null, ended_at = null
      from wanted where done.user_id = wanted.user_id and done.gsid = wanted.gsid
        and ${isUnreached(sql)} and ${hasUntried(sql)}
      returning done.gsid
    ), pages as (
      insert into push_pages (gsid) select unnest(${paged}::bigint[]) where ${given}
      on conflict do nothing returning gsid
    )
    select ${given} as moved,
      (select count(*)::int from jobs) + (select count(*)::int from opened) as jobs,
      (select count(*)::int from pages) as pages`;
  const { moved, ...made } = row;
  return moved ? made : undefined;
}

export async function insertPages(sql: Sql, gsids: Gsid[]): Promise<void> {
  if (gsids.length === 0) return;
  await sql`
    insert into push_pages (gsid) select unnest(${gsids}::bigint[]) on conflict do nothing`;
}

export interface Recent extends Interval {
  /** Small enough for jobs of their own, and with an event in the interval. */
  conversations: ConversationId[];
  /** Those of the users who can be pushed to. */
  reachable: UserId[];
}

/** What these users may lack of the last `ageMs`, and the late check has not looked at. */
export async function selectRecent(
  sql: Sql,
  users: UserId[],
  ageMs: number,
  largeGroup: number,
): Promise<Recent> {
  const [row] = await sql<(Interval & { reachable: UserId[] })[]>`
    select greatest(checked, gsid_ago(${ageMs})) as after, (select last from log) as upto,
      array(
        select distinct t.user_id from push_targets t where t.user_id = any(${users})
      ) as reachable
    from audit`;
  const { after, upto, reachable } = row!;
  if (reachable.length === 0 || upto <= after) return { after, upto, reachable, conversations: [] };
  const active = await sql<{ conversation: ConversationId }[]>`
    select distinct c.conversation
    from members m join conversations c using (conversation)
    where m.user_id = any(${reachable}) and c.last > ${after} and c.members <= ${largeGroup}`;
  return { after, upto, reachable, conversations: active.map((each) => each.conversation) };
}
