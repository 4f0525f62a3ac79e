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

export type AnyAnomalyName = typeof ANOMALY_NAMES[number];
