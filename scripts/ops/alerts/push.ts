/**
 * Alerts on push: what is not sent, and why.
 *
 * @module
 */

import type { AlertGroup } from "./alert.ts";

export const PUSH: AlertGroup = {
  name: "push",
  alerts: [
    {
      name: "FanfarePushCredentialsWrong",
      severity: "page",
      for: "1m",
      expr: "max by (platform) (fanfare_push_credentials_doubted) == 1",
      summary:
        "{{ $labels.platform }} refuses what is sent: our key or configuration must be wrong",
      fires: { 'fanfare_push_credentials_doubted{platform="fcm",instance="o1"}': "0x10 1x10" },
      labels: { platform: "fcm" },
      quiet: { 'fanfare_push_credentials_doubted{platform="fcm",instance="o1"}': "1x10 0x10" },
    },
    {
      name: "FanfarePushStopped",
      severity: "page",
      for: "5m",
      expr: "max(fanfare_push_backlog_seconds) > 60",
      summary: "Push jobs are due and nobody takes them: whoever is offline hears nothing",
      fires: { 'fanfare_push_backlog_seconds{instance="o1"}': "0x10 60+60x10" },
      quiet: { 'fanfare_push_backlog_seconds{instance="o1"}': "0x15 90 90 0x5" },
    },
    {
      name: "FanfarePushBacklog",
      severity: "ticket",
      for: "15m",
      expr: "max(fanfare_push_backlog_jobs) > 10000",
      summary: "Push jobs gather: more are made than are sent",
      fires: { 'fanfare_push_backlog_jobs{instance="o1"}': "20000x20" },
      quiet: { 'fanfare_push_backlog_jobs{instance="o1"}': "20000x10 500x10" },
    },
    {
      name: "FanfarePushProviderFailing",
      severity: "ticket",
      for: "5m",
      expr: "max by (platform) (avg_over_time(fanfare_push_paused[10m])) > 0.5",
      summary: "{{ $labels.platform }} keeps failing and is left alone: its pushes come late",
      fires: { 'fanfare_push_paused{platform="apns",instance="o1"}': "1x20" },
      labels: { platform: "apns" },
      quiet: { 'fanfare_push_paused{platform="apns",instance="o1"}': "0x15 1 1 1 0x5" },
    },
    {
      name: "FanfarePushesDying",
      severity: "ticket",
      for: "0m",
      expr:
        'sum by (reason) (increase(fanfare_origin_push_jobs_ended_total{outcome="dead"}[15m]))' +
        " > 10",
      summary: "Pushes are given up: {{ $labels.reason }}",
      fires: {
        'fanfare_origin_push_jobs_ended_total{outcome="dead",reason="expired",instance="o1"}':
          "0x10 0+5x10",
      },
      labels: { reason: "expired" },
      quiet: {
        'fanfare_origin_push_jobs_ended_total{outcome="dropped",reason="received",instance="o1"}':
          "0+50x20",
      },
    },
  ],
};
