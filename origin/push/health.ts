/**
 * How a provider has been answering lately: whether to go on sending, and whether to believe it when
 * it says that a token is bad.
 *
 * Invariant: when at least half of the last answers blame what may be our own configuration, no
 * token is removed for it. A provider in trouble is left alone for a while instead of being asked
 * again by every job. Pure: state and answer in, state and advice out.
 *
 * @module
 */

import type { Outcome, Prune, Retry } from "./gateway/gateway.ts";

export interface Health {
  /** The last answers that say something of our configuration, oldest first; true: it blames us. */
  answers: readonly { atMs: number; blamed: boolean }[];
  /** Failures of the whole provider in a row. */
  failures: number;
  pausedUntilMs: number;
  /** The operator has been told, and nothing has been sent since. */
  alarmed: boolean;
}

export const HEALTHY: Health = { answers: [], failures: 0, pausedUntilMs: 0, alarmed: false };

const WINDOW_ANSWERS = 100;
const WINDOW_MS = 600_000;
const DISTRUST_AFTER = 10;
const PAUSE_AFTER_FAILURES = 5;
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

export interface Observation {
  health: Health;
  /** The outcome as it is to be acted on. */
  outcome: Outcome;
  /** Set when the operator must hear of it: once, until something is sent again. */
  alarm?: string;
}

export function observe(health: Health, outcome: Outcome, nowMs: number): Observation {
  const answers = remember(health.answers, outcome, nowMs);
  const distrusted = distrusts(answers);
  const failures = countFailures(health.failures, outcome);
  const pausedUntilMs = failures >= PAUSE_AFTER_FAILURES
    ? Math.max(health.pausedUntilMs, nowMs + pauseMs(failures, outcome))
    : health.pausedUntilMs;
  const wrong = distrusted || (outcome.kind === "retry" && outcome.scope === "credentials");
  const alarmed = outcome.kind === "sent" && !distrusted ? false : health.alarmed || wrong;
  const believed = distrusted && outcome.kind === "prune" && outcome.suspect
    ? doubt(outcome)
    : outcome;
  return {
    health: { answers, failures, pausedUntilMs, alarmed },
    outcome: believed,
    ...(alarmed && !health.alarmed && "reason" in outcome ? { alarm: outcome.reason } : {}),
  };
}

function remember(answers: Health["answers"], outcome: Outcome, nowMs: number) {
  const blamed = blames(outcome);
  if (blamed === undefined) return answers;
  const recent = answers.filter((answer) => nowMs - answer.atMs < WINDOW_MS);
  return [...recent, { atMs: nowMs, blamed }].slice(-WINDOW_ANSWERS);
}

/** Whether an answer speaks against our configuration, for it, or of something else. */
function blames(outcome: Outcome): boolean | undefined {
  if (outcome.kind === "sent") return false;
  if (outcome.kind === "prune") return outcome.suspect === true;
  if (outcome.kind === "retry" && outcome.scope === "credentials") return true;
}

function distrusts(answers: Health["answers"]): boolean {
  const blamed = answers.filter((answer) => answer.blamed).length;
  return blamed >= DISTRUST_AFTER && blamed * 2 >= answers.length;
}

function countFailures(failures: number, outcome: Outcome): number {
  if (outcome.kind !== "retry") return 0;
  return outcome.scope === "target" ? failures : failures + 1;
}

function pauseMs(failures: number, outcome: Outcome): number {
  const step = PAUSE_MS * 2 ** Math.min(failures - PAUSE_AFTER_FAILURES, 10);
  const asked = outcome.kind === "retry" ? outcome.afterMs ?? 0 : 0;
  return Math.max(asked, Math.min(step, MAX_PAUSE_MS));
}

function doubt(prune: Prune): Retry {
  return { kind: "retry", reason: prune.reason, afterMs: MAX_PAUSE_MS, scope: "credentials" };
}
