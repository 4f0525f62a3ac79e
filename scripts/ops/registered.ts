/**
 * Every metric of both programs, with its type, its labels and its words, without running them.
 *
 * Invariant: each is registered by the code that the programs themselves register it with. A
 * running system is compared with this list by a test, so that none can be left out of it.
 *
 * @module
 */

import { Registry } from "prom-client";
import { countEvents, exposeMeasures } from "edge/metrics.ts";
import { countAudit, showLags } from "origin/audit/measures.ts";
import { createInstruments } from "origin/metrics.ts";
import { measureBacklog } from "origin/push/backlog.ts";
import { HEALTHY } from "origin/push/health.ts";
import { showProviders } from "origin/push/providers.ts";
import { measureWalArchive } from "origin/store/archive.ts";
import { measureStream } from "origin/stream_size.ts";
import { createInternalApp } from "shared/http/internal.ts";
import { createMetrics, exposeBounds } from "shared/metrics.ts";
import { systemTurns } from "shared/turns.ts";

export type Part = "edge" | "origin";
export type MetricType = "counter" | "gauge" | "histogram";

export interface RegisteredMetric {
  name: string;
  type: MetricType;
  labels: readonly string[];
  help: string;
  /** Which programs have it. */
  parts: readonly Part[];
}

/** In the order of their names. */
export function registeredMetrics(): RegisteredMetric[] {
  const byName = new Map<string, RegisteredMetric>();
  for (const part of ["edge", "origin"] as const) {
    for (const metric of metricsOf(part)) {
      const parts = [...byName.get(metric.name)?.parts ?? [], part];
      byName.set(metric.name, { ...metric, parts });
    }
  }
  return [...byName.values()].toSorted((a, b) => a.name < b.name ? -1 : 1);
}

function metricsOf(part: Part): Omit<RegisteredMetric, "parts">[] {
  using metrics = createMetrics(part, () => 0);
  const { registry } = metrics;
  exposeReadiness(part, registry);
  exposeBounds(registry, part, {});
  if (part === "edge") registerEdge(registry);
  else registerOrigin(registry);
  return registry.getMetricsAsArray().map(describe);
}

/** Nothing here is ever asked for a value. */
const unread = (): never => {
  throw new Error("Cannot read a metric of a program that does not run");
};

function exposeReadiness(program: Part, registry: Registry): void {
  const options = { checks: {}, isDraining: unread, drain: unread, now: unread };
  createInternalApp({ program, registry, ...options });
}

function registerEdge(registry: Registry): void {
  countEvents(registry, unread);
  exposeMeasures(registry, {
    sockets: unread,
    users: unread,
    subscriptions: unread,
    archive: unread,
    provenAgeMs: unread,
    presenceWhole: unread,
  });
}

function registerOrigin(registry: Registry): void {
  createInstruments(registry);
  countAudit(registry, () => unread);
  showLags(registry, { digests: { silenceMs: 0 }, lateCheck: { lagMs: 0 } });
  measureBacklog(registry, { backlog: unread }, systemTurns);
  showProviders(registry, { platforms: [], healthOf: () => HEALTHY, nowMs: unread });
  measureWalArchive(registry, unread, systemTurns);
  measureStream(registry, { status: "disconnected", connection: undefined! }, { isThere: false });
}

/** The library keeps the labels' names, and says nothing of them. */
function describe(metric: object): Omit<RegisteredMetric, "parts"> {
  const { name, help, labelNames, constructor } = metric as {
    name: string;
    help: string;
    labelNames: string[];
  };
  return {
    name,
    help,
    labels: [...labelNames],
    type: constructor.name.toLowerCase() as MetricType,
  };
}
