/**
 * A push job: one event to be told to one user, on every token that the user has registered.
 *
 * Invariant: progress is kept by target, so that a repeat tries only what failed. Knows neither the
 * table nor the providers.
 *
 * @module
 */

import type { StoredEvent } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { PushTarget } from "./gateway/gateway.ts";

/** Names a job: unique. */
export interface JobKey {
  gsid: Gsid;
  user: UserId;
}

/** A registered token. */
export interface StoredTarget extends PushTarget {
  id: number;
  /** When it was registered last, exactly as the database writes it. */
  registeredAt: string;
}

/** Settled in one of three ways, or when it may be tried again: ms since 1970, by the database's clock. */
export type TargetProgress = "sent" | "pruned" | "refused" | number;
export type Progress = { [targetId: string]: TargetProgress };

/** A job as a worker claims it, with everything needed to decide on it. */
export interface PushJob extends JobKey {
  /** How often it was claimed, this time included. It fences off a worker whose lease ran out. */
  attempt: number;
  progress: Progress;
  /** Why the last try failed. */
  reason: string | null;
  /** The age of the event by the database's clock. */
  ageMs: number;
  /** The newest other job, newer than this one, that tells the same user of the same conversation. */
  newer: "sent" | "open" | null;
  /** Null when the event is no longer stored. */
  event: Pick<StoredEvent, "gsid" | "type" | "conversation" | "fields"> | null;
  sender: UserId | null;
  targets: StoredTarget[];
}

/** What becomes of a claimed job. */
export type Verdict = Again | Ended;

export interface Again {
  kind: "again";
  afterMs: number;
  progress: Progress;
  reason: string;
}

export interface Ended {
  kind: "ended";
  outcome: "sent" | "dropped" | "dead";
  progress: Progress;
  reason: string;
  /** No token that it knew took it: one that was registered since is still to be tried. */
  unreached?: true;
}
