import assert from "node:assert/strict";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { LATENCY_BUCKETS_S } from "shared/metrics.ts";
import { exposeBounds } from "shared/metrics.ts";
import { keepReport, makeReport, type ReportOptions } from "shared/report.ts";
import { RecentTrouble } from "shared/trouble.ts";
import { systemTurns } from "shared/turns.ts";
import { VERSION } from "shared/version.ts";

function options(registry: Registry, more: Partial<ReportOptions> = {}): ReportOptions {
  return {
    program: "edge",
    name: "edge-0",
    registry,
    reported: { figures: {}, spreads: [] },
    checks: {},
    isDraining: () => false,
    trouble: new RecentTrouble(() => 7),
    turns: systemTurns,
    onFault: () => {},
    ...more,
  };
}

Deno.test("a report says who, since when, what is not ready, and what was wrong lately", async () => {
  const trouble = new RecentTrouble(() => 7);
  trouble.add("warning", "Presence is not known");
  const report = await makeReport(options(new Registry(), {
    trouble,
    checks: { bus: () => "not connected", origin: () => undefined },
    isDraining: () => true,
    turns: { ...systemTurns, nowMs: () => 3 },
  }));
  assert.deepEqual(report, {
    program: "edge",
    name: "edge-0",
    version: VERSION,
    atMs: 3,
    draining: true,
    faults: [["bus", "not connected"]],
    figures: {},
    spreads: {},
    trouble: [{ at: 7, level: "warning", words: "Presence is not known", times: 1 }],
  });
});

Deno.test("a report reads figures and spreads from the metrics, added up over their labels", async () => {
  const registry = new Registry();
  const registers = [registry];
  const connects = new Counter({
    name: "connects_total",
    help: "…",
    labelNames: ["result"],
    registers,
  });
  connects.inc({ result: "live" }, 3);
  connects.inc({ result: "recovered" }, 4);
  new Counter({ name: "never_total", help: "…", labelNames: ["why"], registers });
  const memory = new Gauge({ name: "memory", help: "…", labelNames: ["kind"], registers });
  memory.set({ kind: "resident" }, 5);
  memory.set({ kind: "heap" }, 6);
  new Gauge({ name: "age", help: "…", registers }).set(NaN);
  const latency = new Histogram({
    ...{ name: "latency", help: "…", labelNames: ["by"], registers },
    buckets: LATENCY_BUCKETS_S,
  });
  latency.observe({ by: "live" }, 0.003);
  latency.observe({ by: "digest" }, 100);
  const { figures, spreads } = await makeReport(options(registry, {
    reported: {
      figures: {
        connects_total: {},
        never_total: {},
        memory: { kind: "resident" },
        age: {},
        nothing: {},
      },
      spreads: ["latency", "nothing"],
    },
  }));
  assert.deepEqual(figures, { connects_total: 7, never_total: 0, memory: 5 });
  assert.deepEqual(spreads, { latency: [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2] });
});

Deno.test("a report names the queue that is nearest to its bound", async () => {
  const registry = new Registry();
  exposeBounds(registry, "edge", {
    sends: { size: () => 1, limit: 10 },
    waiting: { size: () => 8, limit: 10 },
    cache: { size: () => 10, limit: 10, kind: "cache" },
    unlimited: { size: () => 1_000 },
  });
  const { fullest } = await makeReport(options(registry));
  assert.deepEqual(fullest, { what: "waiting", ratio: 0.8 });
});

Deno.test("keepReport() makes one anew, also after one that could not be made", async () => {
  const tasks: (() => void)[] = [];
  const faults: unknown[] = [];
  let look: () => undefined = () => {
    throw new Error("not yet");
  };
  let draining = false;
  using report = keepReport(options(new Registry(), {
    reported: {
      figures: {},
      get spreads() {
        look();
        return [];
      },
    },
    isDraining: () => draining,
    turns: { ...systemTurns, later: (task) => (tasks.push(task), () => {}) },
    onFault: (error) => faults.push(error),
  }));
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  while (tasks.length < 1) await turn();
  assert.deepEqual([report.latest(), faults.length], [undefined, 1]);
  look = () => undefined;
  tasks[0]!();
  while (tasks.length < 2) await turn();
  assert.equal(report.latest()?.draining, false);
  draining = true;
  assert.equal(report.latest()?.draining, true, "that is told at once");
});
