/**
 * Alerts on programs that do not serve, or do not stay up.
 *
 * @module
 */

import type { AlertGroup } from "./alert.ts";

export const READINESS: AlertGroup = {
  name: "readiness",
  alerts: [
    {
      name: "FanfareNoOriginReady",
      severity: "page",
      for: "1m",
      expr: '(sum(fanfare_process_ready{program="origin"}) or vector(0)) == 0',
      summary: "No origin is ready: nothing can be sent, and no client can connect",
      fires: {
        'fanfare_process_ready{program="edge",instance="e1"}': "1x20",
        'fanfare_process_ready{program="origin",instance="o1"}': "1x10 0x10",
      },
      quiet: {
        'fanfare_process_ready{program="origin",instance="o1"}': "1x10 0x10",
        'fanfare_process_ready{program="origin",instance="o2"}': "1x20",
      },
    },
    {
      name: "FanfareNoEdgeReady",
      severity: "page",
      for: "1m",
      expr: '(sum(fanfare_process_ready{program="edge"}) or vector(0)) == 0',
      summary: "No edge is ready: no client can connect",
      // Processes that are gone show nothing at all.
      fires: { 'fanfare_process_ready{program="origin",instance="o1"}': "1x20" },
      quiet: {
        'fanfare_process_ready{program="edge",instance="e1"}': "0x20",
        'fanfare_process_ready{program="edge",instance="e2"}': "1x20",
      },
    },
    {
      name: "FanfareEdgeNotReady",
      severity: "ticket",
      for: "5m",
      expr: 'fanfare_process_ready{program="edge"} == 0',
      summary: "The edge {{ $labels.instance }} is not ready, or has been draining for long",
      fires: { 'fanfare_process_ready{program="edge",instance="e1"}': "1x10 0x10" },
      labels: { program: "edge", instance: "e1" },
      quiet: { 'fanfare_process_ready{program="edge",instance="e1"}': "1x17 0x2 1x5" },
    },
    {
      name: "FanfareOriginNotReady",
      severity: "ticket",
      for: "5m",
      expr: 'fanfare_process_ready{program="origin"} == 0',
      summary: "The origin {{ $labels.instance }} is not ready, or has been draining for long",
      fires: { 'fanfare_process_ready{program="origin",instance="o1"}': "1x10 0x10" },
      labels: { program: "origin", instance: "o1" },
      quiet: { 'fanfare_process_ready{program="origin",instance="o1"}': "1x17 0x2 1x5" },
    },
    {
      name: "FanfareRestarting",
      severity: "ticket",
      for: "1m",
      expr: "changes(fanfare_process_start_time_seconds[15m]) > 2",
      summary: "{{ $labels.instance }} keeps being started anew",
      fires: { 'fanfare_process_start_time_seconds{instance="e1"}': "0x4 60x4 120x4 180x4 240x4" },
      labels: { instance: "e1" },
      quiet: { 'fanfare_process_start_time_seconds{instance="e1"}': "0x10 600x10" },
    },
    {
      name: "FanfareUnhandledErrors",
      severity: "ticket",
      for: "0m",
      expr: "increase(fanfare_edge_handler_faults_total[15m]) > 0 or " +
        "increase(fanfare_edge_poisoned_messages_total[15m]) > 0",
      summary: "{{ $labels.instance }} met what its code does not expect: a fault of ours",
      fires: { 'fanfare_edge_handler_faults_total{instance="e1"}': "0x10 1x10" },
      labels: { instance: "e1" },
      quiet: { 'fanfare_edge_handler_faults_total{instance="e1"}': "1x20" },
    },
    {
      name: "FanfareEventLoopLag",
      severity: "ticket",
      for: "5m",
      expr: "histogram_quantile(0.9, " +
        "sum by (le, instance) (rate(fanfare_process_event_loop_lag_seconds_bucket[5m]))) > 0.1",
      summary: "{{ $labels.instance }} is late with everything it does: it has too little CPU",
      fires: {
        'fanfare_process_event_loop_lag_seconds_bucket{instance="e1",le="0.1"}': "0x20",
        'fanfare_process_event_loop_lag_seconds_bucket{instance="e1",le="0.25"}': "0+120x20",
        'fanfare_process_event_loop_lag_seconds_bucket{instance="e1",le="+Inf"}': "0+120x20",
      },
      labels: { instance: "e1" },
      // One in twenty is late: a garbage collection, no more.
      quiet: {
        'fanfare_process_event_loop_lag_seconds_bucket{instance="e1",le="0.1"}': "0+114x20",
        'fanfare_process_event_loop_lag_seconds_bucket{instance="e1",le="0.25"}': "0+120x20",
        'fanfare_process_event_loop_lag_seconds_bucket{instance="e1",le="+Inf"}': "0+120x20",
      },
    },
    {
      name: "FanfareTokenKeysUnreachable",
      severity: "ticket",
      for: "0m",
      expr: "increase(fanfare_edge_key_set_errors_total[15m]) > 2",
      summary: "{{ $labels.instance }} cannot fetch the keys that tokens are judged by",
      fires: { 'fanfare_edge_key_set_errors_total{instance="e1"}': "0x10 0+1x10" },
      labels: { instance: "e1" },
      quiet: { 'fanfare_edge_key_set_errors_total{instance="e1"}': "0x10 1x10" },
    },
  ],
};
