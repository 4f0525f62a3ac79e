/**
 * The registry of a program's metrics, and the ones that every program has.
 *
 * Invariant: names are `fanfare_<part>_<noun>_<unit>`, and no label holds a user, a group or
 * anything else of which there are many. Knows no part: each makes its own metrics in the registry.
 *
 * @module
 */

import { Gauge, Histogram, Registry } from "prom-client";
import { VERSION } from "shared/version.ts";

export interface Metrics extends Disposable {
  readonly registry: Registry;
}

const LAG_INTERVAL_MS = 500;

/** From a tenth of a millisecond to ten seconds: for whatever is waited for. */
export const LATENCY_BUCKETS_S = [
  0.0001,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

export function createMetrics(program: string, now: () => number): Metrics {
  const registry = new Registry();
  new Gauge({
    name: "fanfare_build_info",
    help: "Always 1; the labels say which program of which release this is, and on which Deno",
    labelNames: ["program", "version", "deno"],
    registers: [registry],
  }).set({ program, version: VERSION, deno: Deno.version.deno }, 1);
  new Gauge({
    name: "fanfare_process_start_time_seconds",
    help: "When the process began, in seconds since 1970: one that changes was restarted",
    registers: [registry],
  }).set(performance.timeOrigin / 1000);
  measureMemory(registry);
  const timer = measureLag(registry, now);
  return { registry, [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * For gauges that come from one question: all that are collected for the same reading of the
 * metrics wait for the same answer.
 */
export function askedOnce<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let asked: Promise<Answer> | undefined;
  return () => asked ??= ask().finally(() => asked = undefined);
}

/** Something that grows with use, and what keeps it from growing on. */
export interface Bound {
  size(): number;
  /** Left out: it is bounded by others that are shown, as the table of bounds says. */
  limit?: number;
  /** Default: items. */
  unit?: "items" | "bytes";
  /**
   * What it means that it is full. A `queue`: trouble, something is refused or dropped. `work`:
   * others wait. A `cache`: nothing. Default: queue.
   */
  kind?: "queue" | "work" | "cache";
}

/** Shows how full everything is that is bounded, so that one alarm can watch all the queues. */
export function exposeBounds(
  registry: Registry,
  program: string,
  bounds: Record<string, Bound>,
): void {
  const gauge = (name: string, help: string, read: (bound: Bound) => number | undefined) =>
    new Gauge({
      name: `fanfare_${program}_${name}`,
      help,
      labelNames: ["what", "kind", "unit"],
      registers: [registry],
      collect() {
        for (const [what, bound] of Object.entries(bounds)) {
          const value = read(bound);
          const { kind = "queue", unit = "items" } = bound;
          if (value !== undefined) this.set({ what, kind, unit }, value);
        }
      },
    });
  gauge("bounded_size", "What is kept or under way", (bound) => bound.size());
  gauge("bounded_limit", "The most that there can be of it", (bound) => bound.limit);
}

function measureMemory(registry: Registry): void {
  new Gauge({
    name: "fanfare_process_memory_bytes",
    help: "Memory of the process: resident, heap_used, heap_total, external",
    labelNames: ["kind"],
    registers: [registry],
    collect() {
      const usage = Deno.memoryUsage();
      this.set({ kind: "resident" }, usage.rss);
      this.set({ kind: "heap_used" }, usage.heapUsed);
      this.set({ kind: "heap_total" }, usage.heapTotal);
      this.set({ kind: "external" }, usage.external);
    },
  });
}

function measureLag(registry: Registry, now: () => number): ReturnType<typeof setInterval> {
  const lag = new Histogram({
    name: "fanfare_process_event_loop_lag_seconds",
    help: "How late a timer of 500 ms fired",
    buckets: LATENCY_BUCKETS_S,
    registers: [registry],
  });
  let due = now() + LAG_INTERVAL_MS;
  const timer = setInterval(() => {
    lag.observe(Math.max(0, now() - due) / 1000);
    due = now() + LAG_INTERVAL_MS;
  }, LAG_INTERVAL_MS);
  timer.unref();
  return timer;
}
