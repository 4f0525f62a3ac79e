/**
 * Replicas as they tell of themselves, for tests of the operator's page.
 *
 * @module
 */

import { LATENCY_BUCKETS_S } from "shared/metrics.ts";
import type { Report } from "shared/report.ts";

export function reportOf(more: Partial<Report> = {}): Report {
  return {
    program: "edge",
    name: "edge-0",
    version: "1.2.3",
    atMs: 0,
    draining: false,
    faults: [],
    figures: {},
    spreads: {},
    trouble: [],
    ...more,
  };
}

/** A histogram's counts, of which `many` were no more than `seconds`, and the first bound that is. */
export function spreadOver(seconds: number, many: number): number[] {
  return [...LATENCY_BUCKETS_S.map((bound) => bound >= seconds ? many : 0), many];
}
