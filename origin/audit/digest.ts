/**
 * Who makes the digests: origins agree on one of them without speaking to each other.
 *
 * Invariant: while some origin runs, digests come; each begins where the last one heard ended, so
 * that they join on to one another whoever makes them. An origin that made the last digest makes
 * the next; one that hears another's waits longer, so it takes over only when that one is silent.
 * Two at once are harmless. Knows nothing of the database or of the bus: see `digest_shell.ts`.
 *
 * @module
 */

import type { Digest } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";

export const DIGEST_INTERVAL_MS = 2_000;
/** An origin that hears nothing for this long (and its jitter) makes a digest itself. */
export const SILENCE_MS = 3_000;
/** A digest that takes longer is given up: another origin may have a better database link. */
export const MAKING_TIMEOUT_MS = 10_000;

/** A digest that is so late was not late by itself: this origin did not run, or had no bus. */
export const STALLED_MS = SILENCE_MS;

type Interval = Pick<Digest, "epoch" | "after" | "upto" | "more">;

export interface DigestState {
  /** Where the last digest ended that was made or heard; `undefined`: the next is an empty one. */
  readonly upto: Gsid | undefined;
  /** The history that `upto` belongs to. */
  readonly epoch: string | undefined;
  readonly dueMs: number;
  readonly makingSinceMs: number | undefined;
  /** Own digests that have not come back from the bus yet. */
  readonly echoes: readonly Interval[];
}

/** `nowMs` is of a clock that never steps back; `jitterMs` differs between origins. */
export type DigestInput =
  | { kind: "tick"; nowMs: number; jitterMs: number }
  /** From the bus: another's, or the echo of an own one. */
  | { kind: "heard"; digest: Interval; nowMs: number; jitterMs: number }
  /** Made and published. */
  | { kind: "made"; digest: Interval; nowMs: number }
  | { kind: "failed"; nowMs: number; jitterMs: number };

/** Read what was committed after `after` and publish it; without `after`: the head alone. */
export interface DigestEffect {
  kind: "make";
  after: Gsid | undefined;
}

export interface DigestStep {
  state: DigestState;
  effects: DigestEffect[];
}

export function startDigest(nowMs: number, jitterMs: number): DigestState {
  return {
    upto: undefined,
    epoch: undefined,
    dueMs: nowMs + SILENCE_MS + jitterMs,
    makingSinceMs: undefined,
    echoes: [],
  };
}

export function stepDigest(state: DigestState, input: DigestInput): DigestStep {
  switch (input.kind) {
    case "tick":
      return tick(state, input);
    case "heard":
      return { state: heard(state, input), effects: [] };
    case "made":
      return made(state, input);
    case "failed":
      return { state: standBack(state, input), effects: [] };
  }
}

function tick(state: DigestState, now: { nowMs: number; jitterMs: number }): DigestStep {
  const { makingSinceMs } = state;
  if (makingSinceMs !== undefined) {
    const late = now.nowMs - makingSinceMs > MAKING_TIMEOUT_MS;
    return { state: late ? standBack(state, now) : state, effects: [] };
  }
  if (now.nowMs < state.dueMs) return { state, effects: [] };
  if (now.nowMs - state.dueMs > STALLED_MS) return { state: listen(state, now), effects: [] };
  // What has not come back by now never will: the bus was away.
  return make({ ...state, echoes: [] }, now.nowMs);
}

function make(state: DigestState, nowMs: number): DigestStep {
  return {
    state: { ...state, makingSinceMs: nowMs },
    effects: [{ kind: "make", after: state.upto }],
  };
}

function heard(
  state: DigestState,
  { digest, nowMs, jitterMs }: { digest: Interval; nowMs: number; jitterMs: number },
): DigestState {
  const own = state.echoes.findIndex((echo) => isSameInterval(echo, digest));
  if (own >= 0) return { ...state, echoes: state.echoes.toSpliced(own, 1) };
  return { ...continued(state, digest), dueMs: nowMs + SILENCE_MS + jitterMs };
}

function made(
  state: DigestState,
  { digest, nowMs }: { digest: Interval; nowMs: number },
): DigestStep {
  const known: DigestState = {
    ...continued(state, digest),
    echoes: [...state.echoes, digest],
  };
  // One that was given up came all the same: true, but no reason to go on.
  if (state.makingSinceMs === undefined) return { state: known, effects: [] };
  const next: DigestState = {
    ...known,
    makingSinceMs: undefined,
    dueMs: nowMs + DIGEST_INTERVAL_MS,
  };
  return digest.more ? make(next, nowMs) : { state: next, effects: [] };
}

function standBack(state: DigestState, now: { nowMs: number; jitterMs: number }): DigestState {
  return { ...state, makingSinceMs: undefined, dueMs: now.nowMs + SILENCE_MS + now.jitterMs };
}

/** Long enough to hear the one that makes digests now, if there is one. */
function listen(state: DigestState, now: { nowMs: number; jitterMs: number }): DigestState {
  return { ...state, dueMs: now.nowMs + DIGEST_INTERVAL_MS + now.jitterMs };
}

/** Positions of different epochs do not compare: the newer word counts. */
function continued(state: DigestState, { epoch, upto }: Interval): DigestState {
  const known = epoch === state.epoch ? state.upto ?? 0 : 0;
  return { ...state, epoch, upto: Math.max(known, upto) };
}

function isSameInterval(one: Interval, other: Interval): boolean {
  return one.epoch === other.epoch && one.after === other.after && one.upto === other.upto;
}
