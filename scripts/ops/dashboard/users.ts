/**
 * What of the dashboard is about users: whether they are served, and how soon.
 *
 * @module
 */

import { FIRST_UNSEEN, max, quantile, rate, type Row, share, sum } from "./panel.ts";

const LATENCY = "fanfare_edge_delivery_latency_seconds";
const FAILED = rate("fanfare_edge_call_errors_total", { labels: 'method="send",code="100"' });
const SENDS = rate("fanfare_edge_command_duration_seconds_count", { labels: 'method="send"' });

export const USER_ROWS: readonly Row[] = [
  {
    title: "Overview",
    panels: [
      {
        title: "Live delivery",
        unit: "s",
        stat: true,
        about: "From the commit to the queues of the sockets: the number that matters",
        queries: [quantile(LATENCY, { labels: 'by="live"' })],
      },
      {
        title: "Messages committed",
        unit: "cps",
        stat: true,
        queries: [rate("fanfare_origin_events_total")],
      },
      {
        title: "Sends that fail",
        unit: "percentunit",
        stat: true,
        queries: [share(FAILED, SENDS, "of all sends")],
      },
      { title: "Users", unit: "short", stat: true, queries: [sum("fanfare_edge_users")] },
      {
        title: "Processes that are ready",
        unit: "none",
        stat: true,
        queries: [sum("fanfare_process_ready", { by: "program" })],
      },
      {
        title: "Push is behind by",
        unit: "s",
        stat: true,
        queries: [max("fanfare_push_backlog_seconds")],
      },
    ],
  },
  {
    title: "Delivery latency",
    panels: [
      {
        title: "From commit to socket, by what brought it",
        unit: "s",
        about: "stream and digest are what mended a loss, and take seconds",
        queries: [quantile(LATENCY, { by: "by" })],
      },
      {
        title: "Live, by edge",
        unit: "s",
        queries: [quantile(LATENCY, { by: "instance", labels: 'by="live"' })],
      },
      {
        title: "Calls, from command to answer",
        unit: "s",
        queries: [quantile("fanfare_edge_command_duration_seconds", { by: "method" })],
      },
      {
        title: "Hand-outs",
        unit: "cps",
        about: "A group once an edge, an inbox once a device",
        queries: [rate(`${LATENCY}_count`, { by: "by" })],
      },
      { title: "Frames to clients", unit: "cps", queries: [rate("fanfare_edge_frames_total")] },
      { title: "Bytes to clients", unit: "Bps", queries: [rate("fanfare_edge_frame_bytes_total")] },
    ],
  },
  {
    title: "Connections",
    panels: [
      {
        title: "Open WebSockets",
        unit: "short",
        queries: [sum("fanfare_edge_connections", { by: "instance" })],
      },
      {
        title: "Sessions that begin",
        unit: "cps",
        queries: [rate("fanfare_edge_connects_total", { by: "result" })],
      },
      {
        title: "Connections that end, by code",
        unit: "cps",
        queries: [rate("fanfare_edge_disconnects_total", { by: "code" })],
      },
      {
        title: "How long they lasted",
        unit: "s",
        queries: [quantile("fanfare_edge_connection_duration_seconds")],
      },
      {
        title: "Upgrades refused",
        unit: "cps",
        queries: [rate("fanfare_edge_upgrades_refused_total", { by: "reason" })],
      },
      {
        title: "Errors of calls",
        unit: "cps",
        about: FIRST_UNSEEN,
        queries: [rate("fanfare_edge_call_errors_total", { by: "method, code" })],
      },
      {
        title: "Commands refused with 111",
        unit: "cps",
        queries: [rate("fanfare_edge_commands_limited_total", { by: "by" })],
      },
      {
        title: "Faults of ours, and of the token issuer's",
        unit: "cps",
        queries: [
          rate("fanfare_edge_handler_faults_total"),
          rate("fanfare_edge_poisoned_messages_total"),
          rate("fanfare_edge_key_set_errors_total"),
        ],
      },
    ],
  },
  {
    title: "Slow clients and resume",
    panels: [
      { title: "Closed as slow", unit: "cps", queries: [rate("fanfare_edge_slow_closes_total")] },
      {
        title: "Waiting for clients",
        unit: "bytes",
        queries: [sum("fanfare_edge_queued_bytes"), max("fanfare_edge_queued_max_bytes")],
      },
      {
        title: "Turns of connects and pages",
        unit: "s",
        about: "How long they wait until they may read",
        queries: [quantile("fanfare_edge_catch_up_wait_seconds", { by: "instance" })],
      },
      {
        title: "Connects told to come back",
        unit: "cps",
        queries: [rate("fanfare_edge_catch_ups_refused_total", { by: "why" })],
      },
      {
        title: "Resumes that did not recover",
        unit: "cps",
        queries: [rate("fanfare_edge_connects_total", { labels: 'result="not_recovered"' })],
      },
    ],
  },
];
