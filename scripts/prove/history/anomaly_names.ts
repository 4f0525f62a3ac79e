/**
 * The names of what a history must never show. PROOF.md explains each.
 *
 * Invariant: a rule finds each, and `check_test.ts` plants it.
 *
 * @module
 */

export const ANOMALIES = [
  "acked-lost",
  "refused-yet-stored",
  "refused-wrongly",
  "unanswered",
  "doubled",
  "new-twice",
  "two-bodies",
  "invented",
  "inverted",
  "broken-chain",
  "skipped-by-cursor",
  "recovered-lied",
  "cursor-and-epoch-apart",
  "reloaded-needlessly",
  "turned-away",
  "catch-up-out-of-order",
  "leaked",
  "stranger-wrote",
  "membership-apart",
  "undelivered",
  "late",
  "unpushed",
  "pushed-though-received",
] as const;

export type AnomalyName = typeof ANOMALIES[number];
