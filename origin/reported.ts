/**
 * Which metrics an origin tells operators with its beats.
 *
 * @module
 */

import type { Reported } from "shared/report.ts";

export const REPORTED: Reported = {
  figures: {
    fanfare_origin_events_total: {},
    fanfare_origin_publications_total: {},
    fanfare_origin_fan_out_dropped_total: {},
    fanfare_origin_requests_failed_total: {},
    fanfare_origin_late_push_jobs_total: {},
    fanfare_origin_pushes_total: {},
    fanfare_push_backlog_jobs: {},
    fanfare_push_backlog_seconds: {},
    fanfare_origin_digest_silence_seconds: {},
    fanfare_origin_late_check_lag_seconds: {},
    fanfare_process_memory_bytes: { kind: "resident" },
    fanfare_process_start_time_seconds: {},
  },
  spreads: ["fanfare_origin_commit_latency_seconds", "fanfare_process_event_loop_lag_seconds"],
};
