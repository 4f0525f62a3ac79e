/**
 * What the auditors count: what they found, and what looking for it costs.
 *
 * Invariant: whether an auditor keeps up is one number each, which grows while it does not, also
 * when it does nothing at all: so an alarm needs no other.
 *
 * @module
 */

import { Gauge, Histogram, type Registry } from "prom-client";
import { countersIn } from "shared/counters.ts";
import { LATENCY_BUCKETS_S } from "shared/metrics.ts";
import type { DigestEvents } from "./digest_shell.ts";
import type { LateCheckEvents } from "./late_check_shell.ts";
import type { PagerEvents } from "./pager.ts";

export interface AuditEvents {
  digest: DigestEvents;
  lateCheck: LateCheckEvents;
  pager: PagerEvents;
}

const PREFIX = "fanfare_origin_";
const TOPIC_BUCKETS = [0, 1, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000];
const BYTE_BUCKETS = [100, 1_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];
const INTERVAL_BUCKETS_S = [0, 1, 2, 3, 5, 10, 30, 60, 300, 3_600];

/** `failed` tells of what is tried again. */
export function countAudit(
  registry: Registry,
  failed: (what: "digest" | "late_check" | "pager", message: string) => (error: unknown) => void,
): AuditEvents {
  return {
    digest: { ...countDigests(registry), failed: failed("digest", "A digest failed") },
    lateCheck: {
      ...countLateChecks(registry),
      failed: failed("late_check", "The late check failed"),
    },
    pager: { ...countPages(registry), failed: failed("pager", "The pager failed") },
  };
}

export interface Lags {
  digests: { readonly silenceMs: number };
  lateCheck: { readonly lagMs: number };
}

/** How far the auditors are behind, looked at only when somebody asks. */
export function showLags(registry: Registry, { digests, lateCheck }: Lags): void {
  const gauge = (name: string, help: string, readMs: () => number) =>
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(readMs() / 1000);
      },
    });
  gauge(
    "digest_silence_seconds",
    "For how long no digest was made here or heard from another origin",
    () => digests.silenceMs,
  );
  gauge(
    "late_check_lag_seconds",
    "The age of the first event that the late check has yet to look at: some 15 while all is well",
    () => lateCheck.lagMs,
  );
}

function countDigests(registry: Registry): Omit<DigestEvents, "failed"> {
  const latency = histogram(registry, {
    name: "digest_latency_seconds",
    help: "Digests: from reading to publishing",
    buckets: LATENCY_BUCKETS_S,
  });
  const told = countersIn(registry, PREFIX)("digest_events_total", "Events told of in digests");
  const topics = histogram(registry, {
    name: "digest_topics",
    help: "Topics that a digest names",
    buckets: TOPIC_BUCKETS,
  });
  const size = histogram(registry, {
    name: "digest_bytes",
    help: "What a digest takes on the bus, to each edge",
    buckets: BYTE_BUCKETS,
  });
  const interval = histogram(registry, {
    name: "digest_interval_seconds",
    help: "The time from the first to the last commit that a digest covers",
    buckets: INTERVAL_BUCKETS_S,
  });
  const lag = new Gauge({
    name: "fanfare_origin_digest_lag_seconds",
    help: "How far the last digest made here stayed behind the head of its snapshot",
    registers: [registry],
  });
  return {
    made({ events, topics: count, bytes, ms, intervalMs, lagMs }) {
      latency.observe(ms / 1000);
      told.inc(events);
      topics.observe(count);
      size.observe(bytes);
      interval.observe(intervalMs / 1000);
      lag.set(lagMs / 1000);
    },
  };
}

function countLateChecks(registry: Registry): Omit<LateCheckEvents, "failed"> {
  const latency = histogram(registry, {
    name: "late_check_latency_seconds",
    help: "One batch of the late check",
    buckets: LATENCY_BUCKETS_S,
  });
  const counter = countersIn(registry, PREFIX);
  const checked = counter(
    "late_checked_events_total",
    "Events that the late check looked at",
  );
  const pairs = counter(
    "late_checked_pairs_total",
    "Pairs of an event and a member that the late check looked at, at most",
  );
  const made = counter("late_push_jobs_total", "Push jobs that only the late check made", {
    after: ["15s", "end"],
  });
  const disbelieved = counter(
    "received_beyond_log_total",
    "Positions that edges reported as received and that cannot have been committed: not believed",
  );
  return {
    checked({ events, pairs: count, jobs, ms }) {
      latency.observe(ms / 1000);
      checked.inc(events);
      pairs.inc(count);
      made.inc({ after: "15s" }, jobs);
    },
    ended: ({ jobs }) => made.inc({ after: "end" }, jobs),
    disbelieved: (positions) => disbelieved.inc(positions),
  };
}

function countPages(registry: Registry): Omit<PagerEvents, "failed"> {
  const jobs = countersIn(registry, PREFIX)(
    "paged_push_jobs_total",
    "Push jobs made for large groups",
  );
  return { walked: (page) => jobs.inc(page.jobs) };
}

function histogram(
  registry: Registry,
  { name, ...rest }: { name: string; help: string; buckets: number[] },
) {
  return new Histogram({ name: `${PREFIX}${name}`, ...rest, registers: [registry] });
}
