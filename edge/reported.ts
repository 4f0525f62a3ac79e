/**
 * What an edge tells operators with its beats.
 *
 * @module
 */

import type { Registry } from "prom-client";
import type { Check } from "shared/http/internal.ts";
import { keepReport, type KeptReport, type Reported } from "shared/report.ts";
import type { RecentTrouble } from "shared/trouble.ts";
import type { Turns } from "shared/turns.ts";
import type { EdgeConfig } from "./config.ts";
import type { Notices } from "./notices.ts";

export const REPORTED: Reported = {
  figures: {
    fanfare_edge_connections: {},
    fanfare_edge_users: {},
    fanfare_edge_frames_total: {},
    fanfare_edge_connects_total: {},
    fanfare_edge_disconnects_total: {},
    fanfare_edge_healed_total: {},
    fanfare_edge_slow_closes_total: {},
    fanfare_edge_upgrades_refused_total: {},
    fanfare_edge_queued_bytes: {},
    fanfare_edge_proven_age_seconds: {},
    fanfare_edge_presence_whole: {},
    fanfare_process_memory_bytes: { kind: "resident" },
    fanfare_process_start_time_seconds: {},
  },
  spreads: ["fanfare_edge_delivery_latency_seconds", "fanfare_process_event_loop_lag_seconds"],
};

export interface ReportingEdge {
  config: Pick<EdgeConfig, "name">;
  registry: Registry;
  drain: AbortController;
  trouble: RecentTrouble;
  turns: Turns;
  notices: Notices;
}

export function keepEdgeReport(edge: ReportingEdge, checks: Record<string, Check>): KeptReport {
  const { config, registry, drain, trouble, turns, notices } = edge;
  return keepReport({
    program: "edge",
    name: config.name,
    registry,
    reported: REPORTED,
    checks,
    isDraining: () => drain.signal.aborted,
    trouble,
    turns,
    onFault: (error) => notices.fail("What operators are told could not be read", error),
  });
}
