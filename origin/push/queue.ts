/**
 * The queue of push jobs: rows in Postgres, claimed by any number of workers.
 *
 * Invariant: one row for each (event, user), for ever as far as the late check can see: an ended job
 * stays until the check's mark has passed it. A job is worked on by whoever claimed it last: a
 * worker whose lease ran out changes nothing any more. A job that no token took stays open while
 * there is one that it has not tried. Decides nothing else about jobs.
 *
 * @module
 */

import type { EventType } from "shared/event.ts";
import { type Gsid, GSID_EPOCH_MS, GSID_PER_MS } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import type { Sql } from "../store/sql.ts";
import type { Prune } from "./gateway/gateway.ts";
import type { JobKey, Progress, PushJob, StoredTarget, Verdict } from "./job.ts";
import { SUPERSEDED_AFTER_MS } from "./policy.ts";
import { hasUntried } from "./untried.ts";

export interface PushQueue {
  /**
   * Stores a job for each user who has a registered token and none yet. Those of one event come
   * due a millisecond apart, so that a large group does not stand in everybody's way.
   */
  enqueue(jobs: readonly JobKey[]): Promise<void>;
  /** Calls `handle` whenever this process has stored jobs. */
  onEnqueued(handle: () => void): void;
  /** Takes up to `limit` due jobs for `leaseMs`, the longest due first. */
  claim(limit: number, leaseMs: number): Promise<PushJob[]>;
  /** Writes down what became of claimed jobs. */
  record(verdicts: readonly [PushJob, Verdict][]): Promise<void>;
  /** Whether the token still is the user's. */
  holds(user: UserId, target: StoredTarget): Promise<boolean>;
  /** Removes a token, unless it was registered again. Answers whether it was removed. */
  prune(target: StoredTarget, prune: Prune): Promise<boolean>;
  /** Deletes jobs that ended long ago and that the late check has passed. */
  cleanUp(keep: { endedMs: number; deadMs: number }): Promise<number>;
  /** How many jobs are open, and how long the oldest has been due. */
  backlog(): Promise<{ jobs: number; lateMs: number }>;
}

const ENQUEUE_CHUNK = 5_000;
const CLEAN_UP_CHUNK = 10_000;

export function createPushQueue(sql: Sql): PushQueue {
  const listeners = new Set<() => void>();
  return {
    async enqueue(jobs) {
      for (let at = 0; at < jobs.length; at += ENQUEUE_CHUNK) {
        await insert(sql, jobs.slice(at, at + ENQUEUE_CHUNK));
      }
      if (jobs.length > 0) { for (const handle of listeners) handle(); }
    },
    onEnqueued: (handle) => void listeners.add(handle),
    claim: (limit, leaseMs) => claim(sql, limit, leaseMs),
    record: (verdicts) => record(sql, verdicts),
    holds: (user, target) => holds(sql, user, target),
    prune: (target, why) => prune(sql, target, why),
    cleanUp: (keep) => cleanUp(sql, keep),
    backlog: () => backlog(sql),
  };
}

async function insert(sql: Sql, jobs: readonly JobKey[]): Promise<void> {
  const rows = JSON.stringify(jobs.map(({ gsid, user }) => ({ gsid, user_id: user })));
  // Sorted, so that two origins that store the same jobs never wait for each other.
  await sql`
    insert into push_jobs (gsid, user_id, due_at)
    select gsid, user_id, clock_timestamp()
      + (row_number() over (partition by gsid order by user_id) - 1) * interval '1 ms'
    from json_to_recordset(${rows}::text::json) as job(gsid bigint, user_id text)
    where exists (select from push_targets target where target.user_id = job.user_id)
    order by user_id, gsid
    on conflict (user_id, gsid) do nothing`;
}

interface ClaimedRow {
  gsid: Gsid;
  user_id: UserId;
  attempt: number;
  progress: Progress;
  reason: string | null;
  age_ms: number;
  newer: PushJob["newer"];
  type: EventType | null;
  conversation: ConversationId | null;
  fields: string | null;
  sender: UserId | null;
  targets: StoredTarget[];
}

async function claim(sql: Sql, limit: number, leaseMs: number): Promise<PushJob[]> {
  // `picked` is materialized: as a subquery it could run again and claim more than its limit.
  const rows = await sql<ClaimedRow[]>`
    with picked as materialized (
      select user_id, gsid from push_jobs
      where due_at <= now() order by due_at limit ${limit} for update skip locked
    ), claimed as (
      update push_jobs job
      set due_at = clock_timestamp() + ${leaseMs}::float8 * interval '1 ms', attempt = attempt + 1
      from picked where job.user_id = picked.user_id and job.gsid = picked.gsid
      returning job.gsid, job.user_id, job.attempt, job.progress, job.reason
    )
    select claimed.gsid, claimed.user_id, attempt, progress, reason, age_ms,
      event.type, event.conversation, event.fields, event.sender,
      coalesce(targets.list, '[]') as targets,
      case when age_ms >= ${SUPERSEDED_AFTER_MS}::float8 then (
        select coalesce(newer.outcome, 'open')
        from push_jobs newer join events on events.gsid = newer.gsid
        where newer.user_id = claimed.user_id and newer.gsid > claimed.gsid
          and events.conversation = event.conversation
          and (newer.outcome is null or newer.outcome = 'sent')
        order by newer.gsid desc limit 1
      ) end as newer
    from claimed
    cross join lateral (
      select extract(epoch from clock_timestamp())::float8 * 1000
        - (${GSID_EPOCH_MS}::float8 + claimed.gsid / ${GSID_PER_MS}::bigint) as age_ms
    ) age
    left join events event on event.gsid = claimed.gsid
    left join lateral (
      select json_agg(json_build_object('id', id, 'platform', platform, 'token', token,
        'registeredAt', registered_at::text) order by id) as list
      from push_targets where user_id = claimed.user_id
    ) targets on true`;
  return rows.map(readJob);
}

function readJob(row: ClaimedRow): PushJob {
  const { gsid, type, conversation, fields } = row;
  return {
    gsid,
    user: row.user_id,
    attempt: row.attempt,
    progress: row.progress,
    reason: row.reason,
    ageMs: row.age_ms,
    newer: row.newer,
    event: type && conversation && fields ? { gsid, type, conversation, fields } : null,
    sender: row.sender,
    targets: row.targets,
  };
}

async function record(sql: Sql, verdicts: readonly [PushJob, Verdict][]): Promise<void> {
  const rows = JSON.stringify(verdicts.map(([job, verdict]) => ({
    gsid: job.gsid,
    user_id: job.user,
    attempt: job.attempt,
    progress: verdict.progress,
    reason: verdict.reason,
    outcome: verdict.kind === "ended" ? verdict.outcome : null,
    after_ms: verdict.kind === "again" ? verdict.afterMs : null,
    unreached: verdict.kind === "ended" && verdict.unreached === true,
  })));
  // A row that was claimed again since has another attempt: its new owner decides. One that no
  // token took may have been claimed before the user registered another: then it is due again.
  await sql`
    update push_jobs job set
      progress = done.progress,
      reason = done.reason,
      outcome = case when not untried.is_left then done.outcome end,
      due_at = case when untried.is_left then clock_timestamp()
        else clock_timestamp() + done.after_ms * interval '1 ms' end,
      ended_at = case when done.outcome is not null and not untried.is_left
        then clock_timestamp() end
    from json_to_recordset(${rows}::text::json) as done(gsid bigint, user_id text, attempt int,
      progress jsonb, reason text, outcome text, after_ms float8, unreached boolean)
    cross join lateral (select done.unreached and ${hasUntried(sql)} as is_left) untried
    where job.user_id = done.user_id and job.gsid = done.gsid and job.attempt = done.attempt
      and job.due_at is not null`;
}

async function holds(sql: Sql, user: UserId, { platform, token }: StoredTarget): Promise<boolean> {
  const rows = await sql`
    select from push_targets
    where platform = ${platform} and token = ${token} and user_id = ${user}`;
  return rows.length > 0;
}

async function prune(sql: Sql, target: StoredTarget, { since }: Prune): Promise<boolean> {
  const removed = await sql`
    delete from push_targets
    where platform = ${target.platform} and token = ${target.token}
      and registered_at <= ${target.registeredAt}::text::timestamptz
      and registered_at <= coalesce(to_timestamp(${since ?? null}::float8 / 1000), 'infinity')`;
  return removed.count > 0;
}

async function cleanUp(sql: Sql, keep: { endedMs: number; deadMs: number }): Promise<number> {
  const deleted = await sql`
    delete from push_jobs where (user_id, gsid) in (
      select user_id, gsid from push_jobs
      where ended_at < now() - ${keep.endedMs}::float8 * interval '1 ms'
        and (outcome <> 'dead' or ended_at < now() - ${keep.deadMs}::float8 * interval '1 ms')
        and gsid <= (select checked from audit)
      limit ${CLEAN_UP_CHUNK})`;
  return deleted.count;
}

async function backlog(sql: Sql): Promise<{ jobs: number; lateMs: number }> {
  const [row] = await sql<{ jobs: number; late_ms: number }[]>`
    select count(*)::float8 as jobs,
      greatest(0, coalesce(extract(epoch from now() - min(due_at)), 0) * 1000)::float8 as late_ms
    from push_jobs where due_at is not null`;
  return { jobs: row!.jobs, lateMs: row!.late_ms };
}
