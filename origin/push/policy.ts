/**
 * Which tokens a job is sent to, and what becomes of the job after the answers.
 *
 * Invariant: a target that was settled is never tried again, one that a provider asked to leave
 * alone is left alone, and a job ends: sent, dropped with a reason, or dead with one. Pure: clock and
 * chance are arguments.
 *
 * @module
 */

import { type Backoff, retryDelayMs } from "./backoff.ts";
import type { Outcome, Platform } from "./gateway/gateway.ts";
import type { Ended, Progress, PushJob, StoredTarget, TargetProgress, Verdict } from "./job.ts";

export type Plan = { kind: "send"; targets: StoredTarget[] } | Verdict;

export interface Circumstances {
  /** The user is known to have received the event. */
  received: boolean;
  /** A push of an event older than this is worth nothing. */
  ttlMs: number;
  /** By the database's clock, as jobs are stored: ms since 1970. */
  nowMs: number;
  configured(platform: Platform): boolean;
  /** How long a provider is left alone from now on; at most 0: not at all. */
  pausedForMs(platform: Platform): number;
  /** This process has sent the event to that target, whatever the job's row says. */
  remembered(target: StoredTarget): boolean;
}

const SETTLED = { sent: "sent", prune: "pruned", fail: "refused" } as const;

/** Why a job ended that found no token to try. */
export const NO_TARGETS = "no targets";

/** An old push that a newer one of the same conversation replaces is not sent any more. */
export const SUPERSEDED_AFTER_MS = 60_000;
/** Until that one is sent, this one waits, for so much of its age: some thirty times in a day. */
const WAIT_FOR_NEWER = 1 / 4;

export function planJob(job: PushJob, now: Circumstances): Plan {
  const dropped = (reason: string): Verdict => ended("dropped", job.progress, reason);
  if (!job.event) return dropped("event gone");
  if (job.event.type !== "message") return dropped("not a message");
  if (job.sender === job.user) return dropped("own message");
  if (now.received) return dropped("received");
  if (job.ageMs >= now.ttlMs) {
    return ended("dead", job.progress, `expired: ${job.reason ?? "late"}`);
  }
  if (job.newer !== null && job.ageMs >= SUPERSEDED_AFTER_MS) {
    if (job.newer === "sent") return dropped("superseded");
    // It may yet end without a push: whoever received it need not have received this one.
    const afterMs = job.ageMs * WAIT_FOR_NEWER;
    return { kind: "again", afterMs, progress: job.progress, reason: job.reason ?? "newer first" };
  }

  const progress = { ...job.progress };
  for (const target of job.targets) if (now.remembered(target)) progress[target.id] = "sent";
  const open = job.targets.filter((target) => typeof (progress[target.id] ?? 0) === "number");
  if (open.length === 0) return unreached(conclude(progress, NO_TARGETS));
  const reachable = open.filter((target) => now.configured(target.platform));
  if (reachable.length === 0) return conclude(progress, "not configured");

  const notBefore = (target: StoredTarget) =>
    Math.max(numeric(progress[target.id]), now.nowMs + now.pausedForMs(target.platform));
  const due = reachable.filter((target) => notBefore(target) <= now.nowMs);
  if (due.length > 0) return { kind: "send", targets: due };
  const afterMs = Math.min(...reachable.map(notBefore)) - now.nowMs;
  return { kind: "again", afterMs, progress, reason: job.reason ?? "provider paused" };
}

/** Judges a job by the answers of the targets that were tried. */
export function judgeJob(
  job: PushJob,
  answers: ReadonlyMap<StoredTarget, Outcome>,
  { nowMs, random, backoff, configured }: {
    nowMs: number;
    random(): number;
    backoff: Backoff;
    configured(platform: Platform): boolean;
  },
): Verdict {
  const progress = { ...job.progress };
  let reason = job.reason ?? "";
  for (const [target, outcome] of answers) {
    if (outcome.kind !== "sent") reason = outcome.reason;
    progress[target.id] = outcome.kind !== "retry" ? SETTLED[outcome.kind] : nowMs +
      retryDelayMs({ attempt: job.attempt, askedMs: outcome.afterMs, random: random(), backoff });
  }
  const open = job.targets.filter((target) =>
    configured(target.platform) && typeof (progress[target.id] ?? 0) === "number"
  );
  if (open.length === 0) return unreached(conclude(progress, reason));
  const next = Math.min(...open.map((target) => numeric(progress[target.id])));
  return { kind: "again", afterMs: Math.max(0, next - nowMs), progress, reason };
}

/** Nothing is left to try: it was sent to somebody, refused by somebody, or there was nobody. */
function conclude(progress: Progress, reason: string): Ended {
  const settled = Object.values(progress);
  if (settled.includes("sent")) return ended("sent", progress, "");
  return ended(settled.includes("refused") ? "dead" : "dropped", progress, reason);
}

/** Of a job that has tried every token of its platforms. */
function unreached(verdict: Ended): Ended {
  return verdict.outcome === "sent" ? verdict : { ...verdict, unreached: true };
}

function ended(outcome: Ended["outcome"], progress: Progress, reason: string): Ended {
  return { kind: "ended", outcome, progress, reason };
}

function numeric(progress: TargetProgress | undefined): number {
  return typeof progress === "number" ? progress : 0;
}
