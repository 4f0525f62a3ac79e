/**
 * What of the dashboard is about what carries the rest: the bus, bounds, and the processes.
 *
 * @module
 */

import { max, of, quantile, type Query, rate, type Row, sum } from "./panel.ts";

const fullness = (part: "edge" | "origin"): Query => ({
  expr: `max by (what) (${of(`fanfare_${part}_bounded_size`)} / ` +
    `(${of(`fanfare_${part}_bounded_limit`)} > 0))`,
  legend: `${part} {{what}}`,
});

export const LOWER_ROWS: readonly Row[] = [
  {
    title: "Bus",
    panels: [
      {
        title: "Checks that are well",
        unit: "none",
        queries: [sum("fanfare_process_check_ok", { by: "program, check" })],
      },
      {
        title: "How long a check takes",
        unit: "s",
        queries: [max("fanfare_process_check_seconds", { by: "program, check" })],
      },
      {
        title: "Times that NATS was lost",
        unit: "cps",
        queries: [rate("fanfare_edge_bus_losses_total", { by: "instance" })],
      },
      {
        title: "Topics heard, by kind",
        unit: "short",
        queries: [sum("fanfare_edge_subscriptions", { by: "kind" })],
      },
      {
        title: "The stream",
        unit: "bytes",
        queries: [max("fanfare_origin_stream_bytes"), max("fanfare_origin_stream_max_bytes")],
      },
      {
        title: "Messages and topics in the stream",
        unit: "short",
        queries: [max("fanfare_origin_stream_messages"), max("fanfare_origin_stream_subjects")],
      },
      {
        title: "The stream is read again",
        unit: "cps",
        queries: [rate("fanfare_edge_replays_total", { by: "outcome" })],
      },
      {
        title: "Idle groups: held, and woken",
        unit: "short",
        queries: [
          sum("fanfare_edge_archived_groups"),
          {
            ...rate("fanfare_edge_wakes_total", { by: "by" }),
            legend: "woken by {{by}}, a second",
          },
        ],
      },
    ],
  },
  {
    title: "Bounds",
    panels: [
      {
        title: "How full everything of an edge is",
        unit: "percentunit",
        about: "What happens at 1 is in BOUNDS.md",
        queries: [fullness("edge")],
      },
      {
        title: "How full everything of an origin is",
        unit: "percentunit",
        about: "Those whose kind is work may be full: others wait",
        queries: [fullness("origin")],
      },
    ],
  },
  {
    title: "Runtime",
    panels: [
      {
        title: "Event loop lag",
        unit: "s",
        queries: [quantile("fanfare_process_event_loop_lag_seconds", { by: "instance" })],
      },
      {
        title: "Resident memory",
        unit: "bytes",
        queries: [
          sum("fanfare_process_memory_bytes", { by: "instance", labels: 'kind="resident"' }),
        ],
      },
      {
        title: "Heap used",
        unit: "bytes",
        queries: [
          sum("fanfare_process_memory_bytes", { by: "instance", labels: 'kind="heap_used"' }),
        ],
      },
      {
        title: "Up for",
        unit: "s",
        queries: [{
          expr: `time() - ${of("fanfare_process_start_time_seconds")}`,
          legend: "{{instance}}",
        }],
      },
      {
        title: "Releases that run",
        unit: "none",
        queries: [sum("fanfare_build_info", { by: "program, version, deno" })],
      },
    ],
  },
];
