/**
 * Alerts on too much: clients that come at once, that are slow, and bounds that are reached.
 *
 * @module
 */

import type { AlertGroup } from "./alert.ts";

/** Connections have an alert of their own, and the slowest socket is one client's own matter. */
const fullness = (part: "edge" | "origin") =>
  `fanfare_${part}_bounded_size{kind="queue",what!~"connections|present_users|slowest_socket"}` +
  ` / fanfare_${part}_bounded_limit > 0.8`;

export const LOAD: AlertGroup = {
  name: "load",
  alerts: [
    {
      name: "FanfareEdgeFull",
      severity: "page",
      for: "2m",
      expr: 'fanfare_edge_bounded_size{what="connections"} / fanfare_edge_bounded_limit > 0.9',
      summary: "{{ $labels.instance }} has nearly as many connections as it takes",
      fires: {
        'fanfare_edge_bounded_size{what="connections",kind="queue",unit="items",instance="e1"}':
          "950x20",
        'fanfare_edge_bounded_limit{what="connections",kind="queue",unit="items",instance="e1"}':
          "1000x20",
      },
      labels: { what: "connections", kind: "queue", unit: "items", instance: "e1" },
      quiet: {
        'fanfare_edge_bounded_size{what="connections",kind="queue",unit="items",instance="e1"}':
          "850x20",
        'fanfare_edge_bounded_limit{what="connections",kind="queue",unit="items",instance="e1"}':
          "1000x20",
        'fanfare_edge_bounded_size{what="tokens",kind="cache",unit="items",instance="e1"}':
          "1000x20",
        'fanfare_edge_bounded_limit{what="tokens",kind="cache",unit="items",instance="e1"}':
          "1000x20",
      },
    },
    {
      name: "FanfareBoundNear",
      severity: "ticket",
      for: "2m",
      expr: `${fullness("edge")} or ${fullness("origin")}`,
      summary: "{{ $labels.instance }} is near a bound: {{ $labels.what }}",
      fires: {
        'fanfare_origin_bounded_size{what="commands_queued",kind="queue",unit="items",instance="o1"}':
          "9000x20",
        'fanfare_origin_bounded_limit{what="commands_queued",kind="queue",unit="items",instance="o1"}':
          "10000x20",
      },
      labels: { what: "commands_queued", kind: "queue", unit: "items", instance: "o1" },
      quiet: {
        'fanfare_origin_bounded_size{what="requests_of_calls",kind="work",unit="items",instance="o1"}':
          "4x20",
        'fanfare_origin_bounded_limit{what="requests_of_calls",kind="work",unit="items",instance="o1"}':
          "4x20",
        'fanfare_origin_bounded_size{what="commands_queued",kind="queue",unit="items",instance="o1"}':
          "10x20",
        'fanfare_origin_bounded_limit{what="commands_queued",kind="queue",unit="items",instance="o1"}':
          "10000x20",
      },
    },
    {
      name: "FanfareOverloaded",
      severity: "ticket",
      for: "2m",
      expr: 'sum(rate(fanfare_edge_commands_limited_total{by="edge"}[5m])) > 1 or ' +
        'sum(rate(fanfare_origin_requests_failed_total{reason="too_many"}[5m])) > 1',
      summary: "Commands are answered with 111, though their senders keep to their limits",
      fires: {
        'fanfare_origin_requests_failed_total{method="send",reason="too_many",instance="o1"}':
          "0+120x20",
      },
      quiet: { 'fanfare_edge_commands_limited_total{by="user",instance="e1"}': "0+120x20" },
    },
    {
      name: "FanfareSlowClients",
      severity: "ticket",
      for: "5m",
      expr: "sum(increase(fanfare_edge_slow_closes_total[10m])) > " +
        "10 + 0.01 * sum(fanfare_edge_connections)",
      summary: "More than one client in a hundred was closed as slow within ten minutes",
      fires: {
        'fanfare_edge_slow_closes_total{instance="e1"}': "0+10x20",
        'fanfare_edge_connections{instance="e1"}': "1000x20",
      },
      quiet: {
        'fanfare_edge_slow_closes_total{instance="e1"}': "0+1x20",
        'fanfare_edge_connections{instance="e1"}': "1000x20",
      },
    },
    {
      name: "FanfareReconnectStorm",
      severity: "ticket",
      for: "2m",
      expr: "sum(rate(fanfare_edge_connects_total[2m])) > " +
        "10 + 0.01 * sum(fanfare_edge_connections) or " +
        'sum(rate(fanfare_edge_upgrades_refused_total{reason=~"busy|rate"}[2m])) > 1',
      summary: "Clients come back faster than one in a hundred a second, or are asked to wait",
      fires: {
        'fanfare_edge_connects_total{result="recovered",instance="e1"}': "0x10 0+3000x10",
        'fanfare_edge_connections{instance="e1"}': "1000x20",
      },
      quiet: {
        'fanfare_edge_connects_total{result="live",instance="e1"}': "0+600x20",
        'fanfare_edge_connections{instance="e1"}': "1000x20",
        'fanfare_edge_upgrades_refused_total{reason="draining",instance="e1"}': "0+600x20",
      },
    },
  ],
};
