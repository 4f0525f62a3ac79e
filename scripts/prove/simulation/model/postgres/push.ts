/**
 * The queue of push jobs, as workers see it.
 *
 * @module
 */

import { type Gsid, timeOfGsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Progress } from "origin/push/job.ts";
import { jobKey, type JobRow, type Tables } from "./tables.ts";

/** Those of one event come due a millisecond apart. Gives the jobs that are new. */
export function enqueue(
  tables: Tables,
  jobs: readonly { gsid: Gsid; user_id: UserId }[],
  nowMs: number,
): { gsid: Gsid; user: UserId }[] {
  const ofEvent = new Map<Gsid, number>();
  return jobs.filter(({ user_id }) => tables.canBePushed(user_id))
    .sort((one, other) => one.user_id < other.user_id ? -1 : 1)
    .filter(({ gsid, user_id }) => {
      const before = ofEvent.get(gsid) ?? 0;
      ofEvent.set(gsid, before + 1);
      return tables.addJob(gsid, user_id, nowMs + before);
    })
    .map(({ gsid, user_id }) => ({ gsid, user: user_id }));
}

export function claim(
  tables: Tables,
  nowMs: number,
  options: { limit: number; leaseMs: number; supersededAfterMs: number },
) {
  const due = [...tables.jobs.values()].filter(({ dueMs }) => dueMs !== null && dueMs <= nowMs);
  due.sort((one, other) => one.dueMs! - other.dueMs!);
  return due.slice(0, options.limit).map((job) => {
    job.dueMs = nowMs + options.leaseMs;
    job.attempt++;
    const event = tables.event(job.gsid);
    const ageMs = nowMs - timeOfGsid(job.gsid);
    return {
      gsid: job.gsid,
      user_id: job.user,
      attempt: job.attempt,
      progress: { ...job.progress },
      reason: job.reason,
      age_ms: ageMs,
      type: event?.type ?? null,
      conversation: event?.conversation ?? null,
      fields: event?.fields ?? null,
      sender: event?.sender ?? null,
      targets: tables.targetsOf(job.user).map(({ id, platform, token, registeredMs }) => ({
        id,
        platform,
        token,
        registeredAt: String(registeredMs),
      })).sort((one, other) => one.id - other.id),
      newer: ageMs >= options.supersededAfterMs ? newerThan(tables, job) : null,
    };
  });
}

function newerThan(tables: Tables, job: JobRow): "sent" | "open" | null {
  const conversation = tables.event(job.gsid)?.conversation;
  let newest: JobRow | undefined;
  for (const other of tables.jobs.values()) {
    if (other.user !== job.user || other.gsid <= (newest ?? job).gsid) continue;
    if (tables.event(other.gsid)?.conversation !== conversation) continue;
    if (other.outcome === null || other.outcome === "sent") newest = other;
  }
  return newest === undefined ? null : newest.outcome === "sent" ? "sent" : "open";
}

export interface Done {
  gsid: Gsid;
  user_id: UserId;
  attempt: number;
  progress: Progress;
  reason: string | null;
  outcome: JobRow["outcome"];
  after_ms: number | null;
  unreached: boolean;
}

/** Gives those that were dropped, since their users are said to have received the message. */
export function record(
  tables: Tables,
  done: readonly Done[],
  nowMs: number,
): { gsid: Gsid; user: UserId }[] {
  const spared: { gsid: Gsid; user: UserId }[] = [];
  for (const { gsid, user_id, attempt, progress, reason, after_ms, ...rest } of done) {
    const job = tables.jobs.get(jobKey(gsid, user_id));
    if (!job || job.attempt !== attempt || job.dueMs === null) continue;
    const goesOn = rest.unreached && tables.hasUntried(user_id, progress);
    const outcome = goesOn ? null : rest.outcome;
    Object.assign(job, { progress, reason, outcome });
    job.dueMs = goesOn ? nowMs : after_ms === null ? null : nowMs + after_ms;
    job.endedMs = outcome === null ? null : nowMs;
    if (reason === "received") spared.push({ gsid, user: user_id });
  }
  return spared;
}

/** Gives how many were removed. */
export function prune(
  tables: Tables,
  platform: string,
  token: string,
  registeredAt: string,
  since: number | null,
): number {
  const key = `${platform} ${token}`;
  const target = tables.targets.get(key);
  const upto = Math.min(Number(registeredAt), since ?? Infinity);
  if (!target || target.registeredMs > upto) return 0;
  return tables.targets.delete(key) ? 1 : 0;
}
