/**
 * What the late check reads and writes: the mark, the events behind it, their recipients, the jobs.
 *
 * Invariant: the recipients of an event are its members at commit, except its sender. A job is one
 * row for an event and a user, whoever made it first. What else can spare a push, such as a mark
 * that it was read, is one more condition of `insertJobs`.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import type { Sql, Transaction } from "../store/sql.ts";
import type { Lacking, LateEvent } from "./late_check.ts";
import { MAX_BATCH_EVENTS } from "./late_check.ts";

/** The mark, held until the transaction ends; `undefined` while another checker holds it. */
export async function holdMark(sql: Transaction): Promise<Gsid | undefined> {
  const [row] = await sql<{ checked: Gsid }[]>`
    select checked from audit for update skip locked`;
  return row?.checked;
}

export async function moveMark(sql: Transaction, checked: Gsid): Promise<void> {
  await sql`update audit set checked = ${checked} where checked < ${checked}`;
}

/** The next events after the mark that are at least `ageMs` old. */
export function selectLate(sql: Transaction, after: Gsid, ageMs: number) {
  return sql<LateEvent[]>`
    select e.gsid, e.type, e.conversation, c.members
    from events e join conversations c using (conversation)
    where e.gsid > ${after} and e.gsid <= gsid_ago(${ageMs})
    order by e.gsid limit ${MAX_BATCH_EVENTS}`;
}

interface Interval {
  after: Gsid;
  upto: Gsid;
}

/** Who was in one of these conversations meanwhile and can be pushed to at all. */
export async function selectReachable(
  sql: Transaction,
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

/**
 * Makes the jobs that are missing, and says how many those were. Sorted, so that two origins that
 * make the same jobs never wait for each other.
 */
export async function insertJobs(
  sql: Transaction | Sql,
  lacking: Lacking[],
  conversations: ConversationId[],
  { after, upto }: Interval,
): Promise<number> {
  if (lacking.length === 0 || conversations.length === 0) return 0;
  const { count } = await sql`
    insert into push_jobs (gsid, user_id)
    select e.gsid, m.user_id
    from unnest(
      ${lacking.map(({ user }) => user)}::text[], ${lacking.map((each) => each.received)}::bigint[]
    ) as lacking(user_id, received)
    join members m on m.user_id = lacking.user_id and m.conversation = any(${conversations})
    join events e on e.conversation = m.conversation
      and e.gsid > ${after} and e.gsid <= ${upto} and e.gsid > lacking.received
      and e.gsid >= m.joined and (m.left_at is null or e.gsid <= m.left_at)
    where e.type = 'message' and e.sender is distinct from m.user_id
    order by m.user_id, e.gsid
    on conflict do nothing`;
  return count;
}

export async function insertPages(sql: Transaction | Sql, gsids: Gsid[]): Promise<number> {
  if (gsids.length === 0) return 0;
  const { count } = await sql`
    insert into push_pages (gsid) select unnest(${gsids}::bigint[]) on conflict do nothing`;
  return count;
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
