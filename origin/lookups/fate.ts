/**
 * What became of a message for one recipient, as far as the database and presence know.
 *
 * Invariant: nothing is guessed. Only a push leaves a row behind, and that for an hour; what was
 * decided of a live delivery is kept nowhere, and shows in what the user has received. Pure.
 *
 * @module
 */

import type { EventType } from "shared/event.ts";
import { type Gsid, timeOfGsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { hasReceived, type Stretches } from "shared/received.ts";
import type { Progress } from "../push/job.ts";

/** A recipient's row, as the database has it. */
export interface RecipientRow {
  user: UserId;
  job: JobRow | null;
  /** The tokens that the user has registered now. */
  targets: { id: number; device: string; platform: string }[];
}

export interface JobRow {
  attempt: number;
  progress: Progress;
  /** When it is to be tried next (ms since 1970); `null`: it has ended. */
  dueMs: number | null;
  outcome: "sent" | "dropped" | "dead" | null;
  reason: string | null;
  endedMs: number | null;
}

/** What is known besides. */
export interface Known {
  gsid: Gsid;
  type: EventType;
  sender: UserId | null;
  /** The late check has looked at every event up to here. */
  checked: Gsid;
  /** How far the members of a group too large to be asked about at once have been walked. */
  pages: Pages | null;
  presence: "online" | "offline" | "unknown";
  /** What the user has received, on some device; empty: not known. */
  received: Stretches;
  nowMs: number;
  /** So long an ended job is kept. */
  keptMs: number;
}

export interface Pages {
  walked: string;
  finished: boolean;
}

export interface Fate {
  user: UserId;
  presence: Known["presence"];
  received: "yes" | "not yet" | "unknown";
  push: Push;
}

export type Push =
  | { state: "none"; why: NoPush }
  | {
    state: "waiting" | "sent" | "dropped" | "dead";
    attempts: number;
    due?: string;
    ended?: string;
    reason?: string;
    targets: TargetFate[];
  };

/** Why there is no push job. */
export type NoPush =
  | "own message"
  | "no message"
  | "no targets"
  | "not looked at yet"
  | "received or in use"
  | "not kept";

export interface TargetFate {
  /** `null`: the token is registered no more. */
  device: string | null;
  platform: string | null;
  /** `untried`: it was registered since, or its turn has not come. */
  state: "sent" | "pruned" | "refused" | "failed" | "untried";
  /** After a failure: when it may be tried again. */
  again?: string;
}

export function fateOf(row: RecipientRow, known: Known): Fate {
  const { gsid, presence, received } = known;
  return {
    user: row.user,
    presence,
    received: hasReceived(received, gsid) ? "yes" : received.length > 0 ? "not yet" : "unknown",
    push: row.job ? pushOf(row.job, row.targets) : { state: "none", why: whyNone(row, known) },
  };
}

function pushOf(job: JobRow, targets: RecipientRow["targets"]): Push {
  const { attempt: attempts, dueMs, endedMs, reason, outcome, progress } = job;
  const gone = Object.keys(progress).filter((id) => targets.every((one) => String(one.id) !== id));
  return {
    state: outcome ?? "waiting",
    attempts,
    ...(dueMs !== null && { due: isoOf(dueMs) }),
    ...(endedMs !== null && { ended: isoOf(endedMs) }),
    // What was sent in the end has no reason to show.
    ...(reason && { reason }),
    targets: [
      ...targets.map(({ id, device, platform }) => targetFate(progress[id], device, platform)),
      ...gone.map((id) => targetFate(progress[id], null, null)),
    ],
  };
}

function targetFate(
  progress: Progress[string] | undefined,
  device: string | null,
  platform: string | null,
): TargetFate {
  if (progress === undefined) return { device, platform, state: "untried" };
  if (typeof progress === "string") return { device, platform, state: progress };
  return { device, platform, state: "failed", again: isoOf(progress) };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function whyNone({ user, targets }: RecipientRow, known: Known): NoPush {
  const { gsid, type, sender, checked, pages, nowMs, keptMs } = known;
  if (type !== "message") return "no message";
  if (user === sender) return "own message";
  if (targets.length === 0) return "no targets";
  if (gsid > checked) return "not looked at yet";
  if (pages && !pages.finished && user > pages.walked) return "not looked at yet";
  return nowMs - timeOfGsid(gsid) > keptMs ? "not kept" : "received or in use";
}
