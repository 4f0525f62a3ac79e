/**
 * Alerts on what users are promised: sends, live delivery, and the auditors behind both.
 *
 * @module
 */

import { type AlertGroup, quantile } from "./alert.ts";

const LATENCY = "fanfare_edge_delivery_latency_seconds";

export const DELIVERY: AlertGroup = {
  name: "delivery",
  alerts: [
    {
      name: "FanfareSendsFailing",
      severity: "page",
      for: "2m",
      expr: 'sum(rate(fanfare_edge_call_errors_total{method="send",code="100"}[5m])) / ' +
        'sum(rate(fanfare_edge_command_duration_seconds_count{method="send"}[5m])) > 0.01',
      summary: "More than one send in a hundred fails with a temporary error",
      fires: {
        'fanfare_edge_call_errors_total{method="send",code="100",instance="e1"}': "0+3x20",
        'fanfare_edge_command_duration_seconds_count{method="send",instance="e1"}': "0+100x20",
      },
      // 107: what clients do wrong is nobody's alarm.
      quiet: {
        'fanfare_edge_call_errors_total{method="send",code="100",instance="e1"}': "0x20",
        'fanfare_edge_call_errors_total{method="send",code="107",instance="e1"}': "0+50x20",
        'fanfare_edge_command_duration_seconds_count{method="send",instance="e1"}': "0+100x20",
      },
    },
    {
      name: "FanfareDeliverySlow",
      severity: "page",
      for: "5m",
      expr: `${quantile(0.9, `${LATENCY}{by="live"}`)} > 1`,
      summary: "One live message in ten takes a second or more from its commit to the sockets",
      fires: {
        [`${LATENCY}_bucket{by="live",instance="e1",le="1"}`]: "0+50x20",
        [`${LATENCY}_bucket{by="live",instance="e1",le="2.5"}`]: "0+100x20",
        [`${LATENCY}_bucket{by="live",instance="e1",le="+Inf"}`]: "0+100x20",
      },
      quiet: {
        [`${LATENCY}_bucket{by="live",instance="e1",le="1"}`]: "0+95x20",
        [`${LATENCY}_bucket{by="live",instance="e1",le="2.5"}`]: "0+100x20",
        [`${LATENCY}_bucket{by="live",instance="e1",le="+Inf"}`]: "0+100x20",
        [`${LATENCY}_bucket{by="digest",instance="e1",le="1"}`]: "0x20",
        [`${LATENCY}_bucket{by="digest",instance="e1",le="2.5"}`]: "0+100x20",
        [`${LATENCY}_bucket{by="digest",instance="e1",le="+Inf"}`]: "0+100x20",
      },
    },
    {
      name: "FanfareLivePathLosing",
      severity: "ticket",
      for: "10m",
      expr: "sum(rate(fanfare_edge_healed_total[5m])) / " +
        `sum(rate(${LATENCY}_count[5m])) > 0.01`,
      summary: "More than one event in a hundred is lost on its way, and comes seconds later",
      fires: {
        'fanfare_edge_healed_total{by="digest",instance="e1"}': "0+2x20",
        [`${LATENCY}_count{by="live",instance="e1"}`]: "0+100x20",
      },
      quiet: {
        'fanfare_edge_healed_total{by="digest",instance="e1"}': "0x10 50x10",
        [`${LATENCY}_count{by="live",instance="e1"}`]: "0+100x20",
      },
    },
    {
      name: "FanfareDigestsSilent",
      severity: "page",
      for: "1m",
      // The least: one origin that hears a digest is proof of it; one that is cut off hears none.
      expr: "min(fanfare_origin_digest_silence_seconds) > 15",
      summary: "No origin makes digests: what is lost stays lost until its readers resume",
      fires: {
        'fanfare_origin_digest_silence_seconds{instance="o1"}': "2x15 20+60x5",
        'fanfare_origin_digest_silence_seconds{instance="o2"}': "2x15 30+60x5",
      },
      quiet: {
        'fanfare_origin_digest_silence_seconds{instance="o1"}': "2x15 20+60x5",
        'fanfare_origin_digest_silence_seconds{instance="o2"}': "2x20",
      },
    },
    {
      name: "FanfareEdgeBehind",
      severity: "page",
      for: "1m",
      expr: "fanfare_edge_proven_age_seconds > 15",
      summary: "{{ $labels.instance }} cannot tell whether it has handed out everything",
      fires: { 'fanfare_edge_proven_age_seconds{instance="e1"}': "2x10 20+60x10" },
      labels: { instance: "e1" },
      quiet: { 'fanfare_edge_proven_age_seconds{instance="e1"}': "2x17 20 4 2" },
    },
    {
      name: "FanfareLateCheckBehind",
      severity: "page",
      for: "2m",
      // The least: the mark is one for all, and who cannot read it shows how long it could not.
      expr: "min(fanfare_origin_late_check_lag_seconds) > 60",
      summary: "The late check is behind: who wrongly counts as online is pushed late",
      fires: { 'fanfare_origin_late_check_lag_seconds{instance="o1"}': "15x10 75+60x10" },
      quiet: { 'fanfare_origin_late_check_lag_seconds{instance="o1"}': "15x17 75 30 15" },
    },
  ],
};
