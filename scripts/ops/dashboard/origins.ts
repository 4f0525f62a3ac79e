/**
 * What of the dashboard is about origins: commits, fan-out, the auditors behind it, and push.
 *
 * @module
 */

import {
  FIRST_UNSEEN,
  max,
  maxOfBusy,
  min,
  quantile,
  rate,
  type Row,
  share,
  sum,
} from "./panel.ts";

const BATCH = "fanfare_origin_commit_batch_commands";

export const ORIGIN_ROWS: readonly Row[] = [
  {
    title: "Origin commits",
    panels: [
      {
        title: "One append transaction",
        unit: "s",
        queries: [quantile("fanfare_origin_commit_latency_seconds", { by: "instance" })],
      },
      {
        title: "Commands in one transaction",
        unit: "short",
        about: "Grows with the load: that is how commits keep up",
        queries: [
          share(
            rate(`${BATCH}_sum`),
            rate(`${BATCH}_count`),
            "commands in a transaction, on average",
          ),
        ],
      },
      {
        title: "Transactions that failed",
        unit: "cps",
        queries: [rate("fanfare_origin_commit_faults_total", { by: "fault" })],
      },
      {
        title: "Requests of edges",
        unit: "s",
        queries: [quantile("fanfare_origin_request_latency_seconds", { by: "method" })],
      },
      {
        title: "Requests not done",
        unit: "cps",
        queries: [rate("fanfare_origin_requests_failed_total", { by: "method, reason" })],
      },
      {
        title: "Calls of the server API",
        unit: "s",
        queries: [quantile("fanfare_origin_api_latency_seconds", { by: "method" })],
      },
      {
        title: "Since a piece of the log was archived",
        unit: "s",
        about: "What losing Postgres' machine now would cost, unless a standby has it",
        rare: true,
        queries: [min("fanfare_origin_archive_age_seconds")],
      },
      {
        title: "Archiving the log fails",
        unit: "none",
        rare: true,
        queries: [max("fanfare_origin_archive_failing")],
      },
    ],
  },
  {
    title: "Fan-out and auditors",
    panels: [
      {
        title: "From the commit to the bus",
        unit: "s",
        queries: [quantile("fanfare_origin_fan_out_latency_seconds", { by: "instance" })],
      },
      {
        title: "Events, and what they became",
        unit: "cps",
        queries: [
          rate("fanfare_origin_events_total"),
          rate("fanfare_origin_publications_total"),
          rate("fanfare_origin_wake_copies_total"),
          rate("fanfare_origin_push_jobs_total"),
        ],
      },
      {
        title: "Healed: lost on the live path, brought by",
        unit: "cps",
        queries: [rate("fanfare_edge_healed_total", { by: "by" })],
      },
      {
        title: "Healed: pushes that only the late check made",
        unit: "cps",
        queries: [rate("fanfare_origin_late_push_jobs_total", { by: "after" })],
      },
      {
        title: "Left to the auditors",
        unit: "cps",
        queries: [rate("fanfare_origin_fan_out_dropped_total", { by: "what" })],
      },
      {
        title: "Failed, and tried again",
        unit: "cps",
        queries: [
          rate("fanfare_origin_failures_total", { by: "what" }),
          rate("fanfare_origin_fan_out_failed_total", { by: "what" }),
        ],
      },
      {
        title: "Digests heard, by what came of them",
        unit: "cps",
        queries: [rate("fanfare_edge_digests_total", { by: "outcome" })],
      },
      {
        title: "Since all is known to be handed out",
        unit: "s",
        about: "Some two seconds: the interval of digests",
        queries: [max("fanfare_edge_proven_age_seconds", { by: "instance" })],
      },
      {
        title: "How far the auditors are behind",
        unit: "s",
        about:
          "The late check looks at what is 15 s old. As all origins together are behind: one " +
          "that is cut off falls behind alone, and another does its work",
        queries: [
          min("fanfare_origin_digest_silence_seconds"),
          // One origin makes the digests; another shows that of the last one it ever made, or 0.
          maxOfBusy("fanfare_origin_digest_lag_seconds", "fanfare_origin_digest_latency_seconds"),
          min("fanfare_origin_late_check_lag_seconds"),
        ],
      },
      {
        title: "What the auditors cost",
        unit: "s",
        queries: [
          quantile("fanfare_origin_digest_latency_seconds"),
          quantile("fanfare_origin_late_check_latency_seconds"),
        ],
      },
    ],
  },
  {
    title: "Push",
    panels: [
      {
        title: "What became of notes",
        unit: "cps",
        queries: [rate("fanfare_origin_pushes_total", { by: "platform, outcome" })],
      },
      {
        title: "Jobs that ended unsent",
        unit: "cps",
        about: FIRST_UNSEEN,
        rare: true,
        queries: [rate("fanfare_origin_push_jobs_ended_total", { by: "outcome, reason" })],
      },
      { title: "Jobs to do", unit: "short", queries: [max("fanfare_push_backlog_jobs")] },
      {
        title: "The oldest has been due for",
        unit: "s",
        queries: [max("fanfare_push_backlog_seconds")],
      },
      {
        title: "Providers: credentials doubted, or left alone",
        unit: "none",
        queries: [
          {
            ...max("fanfare_push_credentials_doubted", { by: "platform" }),
            legend: "{{platform}} doubted",
          },
          { ...max("fanfare_push_paused", { by: "platform" }), legend: "{{platform}} paused" },
        ],
      },
      {
        title: "Presence lookups, by what came of them",
        unit: "cps",
        queries: [rate("fanfare_origin_presence_lookups_total", { by: "outcome" })],
      },
      {
        title: "A presence lookup",
        unit: "s",
        queries: [quantile("fanfare_origin_presence_lookup_latency_seconds")],
      },
      {
        title: "Presence: writes that failed",
        unit: "cps",
        queries: [rate("fanfare_edge_presence_errors_total", { by: "kind" })],
      },
      {
        title: "Edges whose presence is whole",
        unit: "none",
        queries: [sum("fanfare_edge_presence_whole")],
      },
    ],
  },
];
