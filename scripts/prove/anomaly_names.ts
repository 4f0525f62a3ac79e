/**
 * The names of all that must never be seen, whoever finds it. PROOF.md explains each.
 *
 * @module
 */

import { ANOMALIES } from "./history/anomaly_names.ts";

export const ANOMALY_NAMES = [
  ...ANOMALIES,
  "failed-send",
  "table-scanned",
  "refused-at-nats",
  "over-limit",
  "not-measured",
  "violation",
  "not-taken",
  "plant-not-found",
  "found-what-is-not-there",
  "error",
] as const;

/**
 * What a machine that is too busy can do by itself. None of it tells of an event that was lost,
 * doubled, out of order, or seen by one who may not.
 */
export const OF_TIME: ReadonlySet<string> = new Set<AnyAnomalyName>([
  "late",
  "failed-send",
  "not-measured",
  "not-taken",
  "plant-not-found",
  "found-what-is-not-there",
]);

export type AnyAnomalyName = typeof ANOMALY_NAMES[number];
