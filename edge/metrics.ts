/**
 * What an edge counts: one function for each thing that happens, named as it is told.
 *
 * Invariant: no label holds a user, a group or a word of a client's own, and nothing here throws
 * or costs more than an addition where messages pass.
 *
 * @module
 */

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { countersIn } from "shared/counters.ts";
import { timeOfGsid } from "shared/gsid.ts";
import { LATENCY_BUCKETS_S } from "shared/metrics.ts";
import { CLOSES, ERRORS } from "shared/wire/codes.ts";
import type { AdmissionEvents } from "shared/admission.ts";
import type { HealingEvents } from "./healing.ts";
import type { HubEvents } from "./hub/hub.ts";
import type { ConnectionEvents } from "./session/connection.ts";
import type { SocketMeasures } from "./socket/accept.ts";

/** What is read when somebody asks, not counted as it happens. */
export interface Measures {
  sockets(): SocketMeasures;
  users(): number;
  /** By kind of topic. */
  subscriptions(): Record<string, number>;
  archive(): { held: number; bytes: number };
  /** For how long it has not been known that everything was handed out. */
  provenAgeMs(): number | undefined;
  presenceWhole(): boolean;
}

export interface EdgeEvents extends ConnectionEvents, HubEvents, HealingEvents {
  readonly catchUps: AdmissionEvents;
  upgradeRefused(reason: "draining" | "unreachable" | "full" | "busy" | "rate"): void;
  presenceFailed(kind: "users" | "whole" | "beat"): void;
  /** The issuer's keys could not be fetched. */
  keysFailed(): void;
  handlerThrew(): void;
}

const DURATION_BUCKETS_S = [1, 10, 60, 300, 1_800, 3_600, 21_600, 86_400];

/** The methods that may be labels; every other word of a client's counts as `other`. */
const METHODS = new Set([
  ..."send history conversations presence device.register device.unregister".split(" "),
  ..."group.create group.add group.remove group.leave group.get".split(" "),
]);
/** The codes that may be labels: ours, and the WebSocket's own. A client may close with any other. */
const ENDS = new Set<number>([
  ...Object.values(CLOSES).map(({ code }) => code),
  ...[1000, 1001, 1002, 1005, 1006, 1007, 1008, 1009],
]);
const OTHER = "other";
const CODES: number[] = Object.values(ERRORS).map(({ code }) => code);
/** Those that are no fault of a client's: each code of each method would be 156 lines. */
const OUR_CODES: number[] = [ERRORS.internal.code, ERRORS.tooManyRequests.code];

/** `now`: wall clock, ms since 1970. */
export function countEvents(registry: Registry, now: () => number): EdgeEvents {
  const counter = countersIn(registry, "fanfare_edge_");
  const seconds = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({
      name: `fanfare_edge_${name}`,
      help,
      labelNames,
      buckets: LATENCY_BUCKETS_S,
      registers: [registry],
    });

  const connects = counter("connects_total", "Sessions that began: live, recovered…", {
    result: ["live", "recovered", "not_recovered"],
  });
  const disconnects = counter("disconnects_total", "Connections that ended", {
    code: [...ENDS, OTHER],
  });
  const durations = new Histogram({
    name: "fanfare_edge_connection_duration_seconds",
    help: "How long connections lasted that ended",
    buckets: DURATION_BUCKETS_S,
    registers: [registry],
  });
  const slow = counter("slow_closes_total", "Connections closed since their peer read too little");
  const errors = counter("command_errors_total", "Commands answered with an error", {
    code: CODES,
  });
  const calls = counter("call_errors_total", "Calls answered with an error", {
    method: [...METHODS, OTHER],
    code: OUR_CODES,
  });
  const keys = counter("key_set_errors_total", "Fetches of the issuer's keys that failed");
  const commands = seconds("command_duration_seconds", "From command to answer", "method");
  const latency = seconds(
    "delivery_latency_seconds",
    "From commit to the queues of the sockets, once a hand-out, not a recipient, by what brought it",
    "by",
  );
  const healed = counter(
    "healed_total",
    "Events that the live path lost, by what brought them",
    { by: ["digest", "stream"] },
  );
  const digests = counter("digests_total", "Digests heard, and what came of them", {
    outcome: ["equal", "mended", "gap", "ignored", "failed", "foreign", "behind"],
  });
  const mended = counter("mended_topics_total", "Topics read because they differed from a digest");
  const replays = counter("replays_total", "Times that the stream was read again", {
    outcome: ["read", "failed"],
  });
  const replayed = counter("replayed_messages_total", "Messages of the stream read again");
  const wakes = counter("wakes_total", "Idle groups that are heard again, by what woke them", {
    by: ["copy", "digest", "entered"],
  });
  const archived = counter("archived_total", "Groups let go since they were idle");
  const poisoned = counter("poisoned_messages_total", "Bytes on a topic that are no message");
  const losses = counter("bus_losses_total", "Times that NATS was lost, or cut us off as too slow");
  const presence = counter("presence_errors_total", "Presence requests that failed", {
    kind: ["users", "whole", "beat"],
  });
  const upgrades = counter("upgrades_refused_total", "Upgrades answered with 503", {
    reason: ["draining", "unreachable", "full", "busy", "rate"],
  });
  const waits = seconds("catch_up_wait_seconds", "Connects and pages, until their turn to read");
  const refusals = counter("catch_ups_refused_total", "Connects answered with 111", {
    why: ["full", "late"],
  });
  const limited = counter("commands_limited_total", "Commands answered with 111", {
    by: ["connection", "user", "edge"],
  });
  const faults = counter("handler_faults_total", "Connections closed by an exception of ours");
  for (const by of ["live", "digest", "stream"]) latency.zero({ by });

  return {
    connected: (result) =>
      connects.inc({ result: result === "not recovered" ? "not_recovered" : result }),
    refused: (code) => errors.inc({ code }),
    answered(called, code, durationMs) {
      const method = METHODS.has(called) ? called : OTHER;
      commands.observe({ method }, durationMs / 1000);
      if (code !== undefined) calls.inc({ method, code });
    },
    closed(code, lastedMs) {
      disconnects.inc({ code: ENDS.has(code) ? code : OTHER });
      durations.observe(lastedMs / 1000);
      if (code === CLOSES.slow.code) slow.inc();
    },
    handed({ gsid }, source) {
      const ms = Math.max(0, now() - timeOfGsid(gsid));
      if (gsid > 0) latency.observe({ by: source }, ms / 1000);
      if (source !== "live") healed.inc({ by: source });
    },
    busLost: () => losses.inc(),
    poisoned: () => poisoned.inc(),
    woken: (by) => wakes.inc({ by }),
    archived: () => archived.inc(),
    judged(outcome, topics) {
      digests.inc({ outcome });
      mended.inc(topics);
    },
    replayed(messages) {
      replays.inc({ outcome: "read" });
      replayed.inc(messages);
    },
    notReplayed: () => replays.inc({ outcome: "failed" }),
    catchUps: {
      entered: (waitedMs) => waits.observe(waitedMs / 1000),
      refused: (why) => refusals.inc({ why }),
    },
    upgradeRefused: (reason) => upgrades.inc({ reason }),
    limited: (by) => limited.inc({ by }),
    presenceFailed: (kind) => presence.inc({ kind }),
    keysFailed: () => keys.inc(),
    handlerThrew: () => faults.inc(),
  };
}

export function exposeMeasures(registry: Registry, measures: Measures): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `fanfare_edge_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("connections", "Open WebSockets", () => measures.sockets().open);
  gauge("users", "Users with a connection here", measures.users);
  new Gauge({
    name: "fanfare_edge_subscriptions",
    help: "Topics heard on the bus, by kind",
    labelNames: ["kind"],
    registers: [registry],
    collect() {
      for (const [kind, count] of Object.entries(measures.subscriptions())) {
        this.set({ kind }, count);
      }
    },
  });
  gauge("archived_groups", "Idle groups held, each for each connection", () => {
    return measures.archive().held;
  });
  gauge("archive_bytes", "Memory of the idle groups held", () => measures.archive().bytes);
  gauge("queued_bytes", "Waiting for all clients", () => measures.sockets().queuedBytes);
  gauge("queued_max_bytes", "Waiting for the slowest", () => measures.sockets().maxQueuedBytes);
  gauge(
    "presence_whole",
    "1 while the store answers, and has all presence",
    () => +measures.presenceWhole(),
  );
  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      name: `fanfare_edge_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  total("frames_total", "Frames queued for clients", () => measures.sockets().frames);
  total("frame_bytes_total", "What these frames take", () => measures.sockets().frameBytes);
  gauge("proven_age_seconds", "Since all that was committed is known to be handed out", () => {
    return (measures.provenAgeMs() ?? NaN) / 1000;
  });
}
