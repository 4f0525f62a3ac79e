/**
 * Alerts on what Fanfare stands on: NATS, Postgres, Redis.
 *
 * @module
 */

import { type AlertGroup, quantile } from "./alert.ts";

export const DEPENDENCIES: AlertGroup = {
  name: "dependencies",
  alerts: [
    {
      name: "FanfareNatsLost",
      severity: "page",
      for: "1m",
      expr: 'fanfare_process_check_ok{check="bus"} == 0',
      summary: "The {{ $labels.program }} {{ $labels.instance }} is cut off from NATS",
      fires: { 'fanfare_process_check_ok{program="edge",check="bus",instance="e1"}': "1x10 0x10" },
      labels: { program: "edge", check: "bus", instance: "e1" },
      quiet: {
        'fanfare_process_check_ok{program="edge",check="bus",instance="e1"}': "1x19 0",
        'fanfare_process_check_ok{program="edge",check="origin",instance="e1"}': "0x20",
      },
    },
    {
      name: "FanfareStreamMissing",
      severity: "ticket",
      for: "2m",
      expr: "max(fanfare_origin_stream_present) == 0",
      summary: "NATS answers, but has no stream: losses are mended by the database alone",
      fires: { 'fanfare_origin_stream_present{instance="o1"}': "1x10 0x10" },
      quiet: {
        'fanfare_origin_stream_present{instance="o1"}': "0x20",
        'fanfare_origin_stream_present{instance="o2"}': "1x20",
      },
    },
    {
      name: "FanfareStreamNearItsLimit",
      severity: "ticket",
      for: "5m",
      expr: "max(fanfare_origin_stream_bytes / (fanfare_origin_stream_max_bytes > 0)) > 0.9",
      summary: "The stream is nearly full: it will keep less than its five minutes",
      fires: {
        'fanfare_origin_stream_bytes{instance="o1"}': "950x20",
        'fanfare_origin_stream_max_bytes{instance="o1"}': "1000x20",
      },
      // -1 says that there is no limit.
      quiet: {
        'fanfare_origin_stream_bytes{instance="o1"}': "850x20",
        'fanfare_origin_stream_max_bytes{instance="o1"}': "1000x20",
        'fanfare_origin_stream_bytes{instance="o2"}': "850x20",
        'fanfare_origin_stream_max_bytes{instance="o2"}': "-1x20",
      },
    },
    {
      name: "FanfarePostgresDown",
      severity: "page",
      for: "1m",
      expr: 'fanfare_process_check_ok{check="database"} == 0',
      summary: "The origin {{ $labels.instance }} does not reach Postgres",
      fires: {
        'fanfare_process_check_ok{program="origin",check="database",instance="o1"}': "1x10 0x10",
      },
      labels: { program: "origin", check: "database", instance: "o1" },
      quiet: {
        'fanfare_process_check_ok{program="origin",check="database",instance="o1"}': "1x18 0 1",
      },
    },
    {
      name: "FanfarePostgresSlow",
      severity: "ticket",
      for: "5m",
      expr: `${quantile(0.9, "fanfare_origin_commit_latency_seconds")} > 0.5`,
      summary: "One commit in ten takes half a second or more",
      fires: {
        'fanfare_origin_commit_latency_seconds_bucket{instance="o1",le="0.5"}': "0+10x20",
        'fanfare_origin_commit_latency_seconds_bucket{instance="o1",le="1"}': "0+100x20",
        'fanfare_origin_commit_latency_seconds_bucket{instance="o1",le="+Inf"}': "0+100x20",
      },
      quiet: {
        'fanfare_origin_commit_latency_seconds_bucket{instance="o1",le="0.5"}': "0+95x20",
        'fanfare_origin_commit_latency_seconds_bucket{instance="o1",le="1"}': "0+100x20",
        'fanfare_origin_commit_latency_seconds_bucket{instance="o1",le="+Inf"}': "0+100x20",
      },
    },
    {
      name: "FanfareArchiveFailing",
      severity: "ticket",
      for: "10m",
      expr: "max(fanfare_origin_archive_failing) > 0",
      summary: "Postgres cannot archive its log: its disk fills, and what is sent now has no copy",
      fires: { 'fanfare_origin_archive_failing{instance="o1"}': "1x20" },
      quiet: {
        'fanfare_origin_archive_failing{instance="o1"}': "1x10 0 1x8",
        'fanfare_origin_archive_age_seconds{instance="o1"}': "30x20",
      },
    },
    {
      name: "FanfareArchiveBehind",
      severity: "ticket",
      for: "5m",
      // While nothing is committed there is nothing to archive.
      expr: "min(fanfare_origin_archive_age_seconds) > 900 and " +
        "sum(increase(fanfare_origin_commit_latency_seconds_count[10m])) > 0",
      summary:
        "For a quarter of an hour nothing of Postgres' log was archived, though some is sent",
      fires: {
        'fanfare_origin_archive_age_seconds{instance="o1"}': "600+60x20",
        'fanfare_origin_commit_latency_seconds_count{instance="o1"}': "0+5x20",
      },
      quiet: {
        'fanfare_origin_archive_age_seconds{instance="o1"}': "600+60x20",
        'fanfare_origin_commit_latency_seconds_count{instance="o1"}': "0+5x8 40x12",
      },
    },
    {
      name: "FanfareRedisDown",
      severity: "ticket",
      for: "3m",
      expr: "(1 - min(fanfare_edge_presence_whole)) > 0 or " +
        'sum(rate(fanfare_origin_presence_lookups_total{outcome!="answered"}[5m])) / ' +
        "sum(rate(fanfare_origin_presence_lookups_total[5m])) > 0.1",
      summary: "Presence is not known: everybody is pushed beside what they receive live",
      fires: {
        'fanfare_edge_presence_whole{instance="e1"}': "1x20",
        'fanfare_origin_presence_lookups_total{outcome="answered",instance="o1"}': "0+6x20",
        'fanfare_origin_presence_lookups_total{outcome="skipped",instance="o1"}': "0+4x20",
      },
      quiet: {
        'fanfare_edge_presence_whole{instance="e1"}': "1x18 0 1",
        'fanfare_origin_presence_lookups_total{outcome="answered",instance="o1"}': "0+96x20",
        'fanfare_origin_presence_lookups_total{outcome="failed",instance="o1"}': "0+4x20",
      },
    },
  ],
};
