/**
 * What an origin counts and tells: one function for each thing that happens to it.
 *
 * Invariant: telling never throws, and names no user, no token and no text. What may happen many
 * times a second is counted, and logged at most once in `QUIET_MS`.
 *
 * @module
 */

import { Histogram, type Registry } from "prom-client";
import { REQUEST } from "shared/bus/requests.ts";
import { countersIn } from "shared/counters.ts";
import type { Log } from "shared/log.ts";
import { LATENCY_BUCKETS_S } from "shared/metrics.ts";
import type { CommitterOptions } from "./commit/committer.ts";
import type { FanOutEvents } from "./fan_out/fan_out.ts";
import type { LookupOutcome } from "./presence/lookup.ts";
import type { PushEvents } from "./push/events.ts";
import { type Platform, PLATFORMS } from "./push/gateway/gateway.ts";
import type { ServeEvents } from "./serve.ts";

const QUIET_MS = 5_000;
/** Whatever is tried again. */
const FAILURES = [
  ...["bus", "stream", "database", "members", "api", "http", "report"],
  ...["digest", "late_check", "pager", "push claim", "push record", "push prune"],
  ...["push confirm", "push clean up", "push send"],
] as const;
type Failure = typeof FAILURES[number];
const REQUESTS = Object.keys(REQUEST) as (keyof typeof REQUEST)[];
/** Words of a provider's, which nobody can list. */
const REASONS: string[] = [];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export type Instruments = ReturnType<typeof createInstruments>;

export function createInstruments(registry: Registry) {
  const registers = [registry];
  const counter = countersIn(registry, "fanfare_origin_");
  const seconds = (name: string, help: string, ...labelNames: string[]) =>
    new Histogram({
      name: `fanfare_origin_${name}_seconds`,
      help,
      labelNames,
      buckets: LATENCY_BUCKETS_S,
      registers,
    });
  const batch = (name: string, help: string) =>
    new Histogram({ name: `fanfare_origin_${name}`, help, buckets: BATCH_BUCKETS, registers });
  return {
    requestLatency: seconds("request_latency", "Requests of edges, until answered", "method"),
    apiLatency: seconds("api_latency", "Calls of the server API, until answered", "method"),
    requestsFailed: counter("requests_failed_total", "Requests not done", {
      method: REQUESTS,
      reason: ["too_many", "failed", "too_large", "unreadable"],
    }),
    commitLatency: seconds("commit_latency", "One append transaction"),
    commitBatch: batch("commit_batch_commands", "Commands in one append transaction"),
    sendsJoined: counter(
      "sends_joined_total",
      "Sends asked for again that shared the transaction of an earlier asking",
    ),
    commitFaults: counter("commit_faults_total", "Failed append transactions", {
      fault: ["refused", "aborted", "locked", "unknown"],
    }),
    fanOutLatency: seconds("fan_out_latency", "From the commit until handed to the bus"),
    events: counter("events_total", "Events fanned out"),
    publications: counter("publications_total", "Messages handed to the bus"),
    wakeCopies: counter(
      "wake_copies_total",
      "Of these, copies to inboxes of what wakes idle groups",
    ),
    pushJobs: counter("push_jobs_total", "Push jobs that fan-out asked for"),
    fanOutDropped: counter("fan_out_dropped_total", "Events and push jobs left to the auditors", {
      what: ["event", "push"],
    }),
    fanOutFailed: counter("fan_out_failed_total", "Fan-outs that failed", {
      what: ["fan_out", "push"],
    }),
    lookupLatency: seconds("presence_lookup_latency", "Presence lookups that were answered"),
    lookups: counter("presence_lookups_total", "Presence lookups", {
      outcome: ["answered", "failed", "skipped"],
    }),
    pushes: counter("pushes_total", "What became of notes", {
      platform: PLATFORMS,
      outcome: ["sent", "pruned", "retried", "refused"],
    }),
    pushJobsEnded: counter("push_jobs_ended_total", "Jobs that ended unsent", {
      outcome: ["dropped", "dead"],
      reason: REASONS,
    }),
    streamsMade: counter("streams_made_total", "How often the stream was not there"),
    failures: counter("failures_total", "Whatever else failed and is tried again", {
      what: FAILURES,
    }),
  };
}

export type OriginEvents = ReturnType<typeof createOriginEvents>;

export function createOriginEvents(instruments: Instruments, log: Log, nowMs: () => number) {
  const lastToldMs = new Map<string, number>();
  /** The first of a kind, and then one now and then. */
  const warn = (message: string, error: unknown) => {
    const now = nowMs();
    if (now - (lastToldMs.get(message) ?? -Infinity) < QUIET_MS) return;
    lastToldMs.set(message, now);
    log.warning(message, { error: error instanceof Error ? error : new Error(String(error)) });
  };
  const failed = (what: Failure, message: string) => (error: unknown) => {
    instruments.failures.inc({ what });
    warn(message, error);
  };
  return {
    ...eventsOfRequests(instruments, warn),
    ...eventsOfPush(instruments, log, warn),
    /** What is tried again: counted, and told now and then. */
    failed,
    bus: failed("bus", "Something failed on the bus"),
    stream: {
      made() {
        instruments.streamsMade.inc();
        log.warning("The stream was not there: it is made");
      },
      failed: failed("stream", "The stream cannot be ensured yet"),
    },
    database: failed("database", "The database cannot be reached yet"),
    members: failed("members", "The members of a group are not known in time"),
    api: {
      answered: (method: string, ms: number) =>
        instruments.apiLatency.observe({ method }, ms / 1000),
      failed: (method: string, error: unknown) =>
        failed("api", `An API call failed: ${method}`)(error),
    },
    http: failed("http", "An HTTP request failed"),
  };
}

type Warn = (message: string, error: unknown) => void;

function eventsOfRequests(instruments: Instruments, warn: Warn) {
  const serve: ServeEvents = {
    answered: (method, ms) => instruments.requestLatency.observe({ method }, ms / 1000),
    refused: (method) => instruments.requestsFailed.inc({ method, reason: "too_many" }),
    failed(method, error) {
      instruments.requestsFailed.inc({ method, reason: "failed" });
      warn(`A request failed: ${method}`, error);
    },
    oversized(method, error) {
      instruments.requestsFailed.inc({ method, reason: "too_large" });
      warn(`An answer is too large: ${method}`, error);
    },
    poisoned(method, error) {
      instruments.requestsFailed.inc({ method, reason: "unreadable" });
      warn(`A request cannot be read: ${method}`, error);
    },
  };
  const commit: Required<Pick<CommitterOptions, "onBatch" | "onJoined" | "onFault">> = {
    onBatch({ commands, ms }) {
      instruments.commitBatch.observe(commands);
      instruments.commitLatency.observe(ms / 1000);
    },
    onJoined: (askings) => instruments.sendsJoined.inc(askings),
    onFault(error, fault) {
      instruments.commitFaults.inc({ fault });
      warn("An append failed", error);
    },
  };
  const fanOut: FanOutEvents = {
    done({ events, publications, wakes, pushes, ms }) {
      instruments.events.inc(events);
      instruments.publications.inc(publications);
      instruments.wakeCopies.inc(wakes);
      instruments.pushJobs.inc(pushes);
      instruments.fanOutLatency.observe(ms / 1000);
    },
    dropped: (what, count) => instruments.fanOutDropped.inc({ what }, count),
    failed(what, error) {
      instruments.fanOutFailed.inc({ what });
      warn(`Left to the auditors: ${what}`, error);
    },
  };
  const lookup = (outcome: LookupOutcome) => {
    instruments.lookups.inc({ outcome: outcome.kind });
    if (outcome.kind === "answered") instruments.lookupLatency.observe(outcome.ms / 1000);
    if (outcome.kind === "failed") warn("Presence is not known", outcome.error);
  };
  return { serve, commit, fanOut, lookup };
}

function eventsOfPush(instruments: Instruments, log: Log, warn: Warn) {
  const count = (platform: Platform, outcome: "sent" | "pruned" | "retried" | "refused") =>
    instruments.pushes.inc({ platform, outcome });
  const push: PushEvents = {
    sent: (platform) => count(platform, "sent"),
    pruned: (platform) => count(platform, "pruned"),
    retried: (platform) => count(platform, "retried"),
    refused: (platform) => count(platform, "refused"),
    dropped: (reason) => instruments.pushJobsEnded.inc({ outcome: "dropped", reason }),
    dead: (reason) => instruments.pushJobsEnded.inc({ outcome: "dead", reason }),
    alarm: (platform, reason) => log.error("Push credentials must be wrong", { platform, reason }),
    failed(doing, error) {
      instruments.failures.inc({ what: `push ${doing}` });
      warn(`Push cannot ${doing}`, error);
    },
  };
  return { push };
}
