/**
 * What a replica tells of itself with its beats, for the operator's page.
 *
 * Invariant: a report holds what `/ready` and `/metrics` say, read there, and recent trouble:
 * nothing is counted for it, and it names no user. It is bounded, and made beside the beats: what it
 * asks may take its time without anybody being taken for dead.
 *
 * @module
 */

import type { Registry } from "prom-client";
import { type Check, runChecks } from "shared/http/internal.ts";
import type { RecentTrouble, Trouble } from "shared/trouble.ts";
import type { Turns } from "shared/turns.ts";
import { VERSION } from "shared/version.ts";

export interface Report {
  program: "edge" | "origin";
  /** What operators call it; a replica is one start of it. */
  name: string;
  version: string;
  /** When it was made, in ms of a clock of its own: to be compared with its other reports only. */
  atMs: number;
  draining: boolean;
  /** What readiness looks at and finds wrong. */
  faults: [check: string, why: string][];
  /** Gauges and counters by the metric's name; what cannot be told is left out. */
  figures: Record<string, number>;
  /**
   * Histograms by the metric's name: how many were observed up to each bound of
   * `LATENCY_BUCKETS_S`, and all told.
   */
  spreads: Record<string, number[]>;
  /** Of the queues that are bounded, the one that is nearest to its bound. */
  fullest?: { what: string; ratio: number };
  trouble: Trouble[];
}

/** Which metrics a report holds, by their names; with labels, only what has them. */
export interface Reported {
  figures: Readonly<Record<string, Labels>>;
  spreads: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

export interface ReportOptions {
  program: Report["program"];
  name: string;
  registry: Registry;
  reported: Reported;
  checks: Readonly<Record<string, Check>>;
  isDraining: () => boolean;
  trouble: RecentTrouble;
  turns: Turns;
  onFault: (error: unknown) => void;
}

export interface KeptReport extends Disposable {
  /** Some seconds old, but for whether it drains; nothing until the first is made. */
  latest(): Report | undefined;
}

const REFRESH_MS = 2_000;

export function keepReport(options: ReportOptions): KeptReport {
  const { turns, isDraining, onFault } = options;
  let latest: Report | undefined, cancel = () => {}, ended = false;
  const refresh = async () => {
    try {
      latest = await makeReport(options);
    } catch (error) {
      onFault(error);
    }
    if (!ended) cancel = turns.later(refresh, REFRESH_MS);
  };
  refresh();
  return {
    latest: () => latest && { ...latest, draining: isDraining() },
    [Symbol.dispose]() {
      ended = true;
      cancel();
    },
  };
}

export async function makeReport(options: ReportOptions): Promise<Report> {
  const { program, name, registry, reported, checks, turns, trouble } = options;
  const [looked, figures, spreads, fullest] = await Promise.all([
    runChecks(checks, turns.nowMs),
    readFigures(registry, reported.figures),
    readSpreads(registry, reported.spreads),
    fullestOf(registry, program),
  ]);
  return {
    program,
    name,
    version: VERSION,
    atMs: turns.nowMs(),
    draining: options.isDraining(),
    faults: looked.flatMap(({ name, fault }) => fault === undefined ? [] : [[name, fault]]),
    figures,
    spreads,
    ...(fullest && { fullest }),
    trouble: trouble.list(),
  };
}

interface Value {
  value: number;
  labels: Partial<Record<string, string | number>>;
  /** Of a histogram: which of its series this is. */
  metricName?: string;
}

async function valuesOf(registry: Registry, name: string): Promise<Value[]> {
  const metric = await registry.getSingleMetric(name)?.get();
  // What has not happened yet has no labels either.
  const nothing = metric?.type as unknown === "counter" ? [{ value: 0, labels: {} }] : [];
  const values = metric?.values as Value[] | undefined ?? [];
  return values.length > 0 ? values : nothing;
}

async function readFigures(
  registry: Registry,
  wanted: Reported["figures"],
): Promise<Report["figures"]> {
  const read = Object.entries(wanted).map(async ([name, labels]) => {
    const values = (await valuesOf(registry, name)).filter((one) => has(one, labels));
    return [name, values.length > 0 ? sum(values) : NaN] as const;
  });
  return Object.fromEntries((await Promise.all(read)).filter(([, value]) => !Number.isNaN(value)));
}

async function readSpreads(
  registry: Registry,
  wanted: readonly string[],
): Promise<Report["spreads"]> {
  const read = wanted.map(async (name) => {
    const byBound = new Map<string, number>();
    for (const { metricName, labels, value } of await valuesOf(registry, name)) {
      if (metricName !== `${name}_bucket`) continue;
      const bound = String(labels.le);
      byBound.set(bound, (byBound.get(bound) ?? 0) + value);
    }
    return [name, [...byBound.values()]] as [string, number[]];
  });
  return Object.fromEntries((await Promise.all(read)).filter(([, counts]) => counts.length > 0));
}

async function fullestOf(
  registry: Registry,
  program: Report["program"],
): Promise<Report["fullest"]> {
  const [sizes, limits] = await Promise.all(
    ["size", "limit"].map((which) => valuesOf(registry, `fanfare_${program}_bounded_${which}`)),
  );
  const limitOf = new Map(limits!.map(({ labels, value }) => [labels.what, value]));
  return sizes!.filter((one) => has(one, { kind: "queue" }))
    .map(({ labels, value }) => ({
      what: String(labels.what),
      ratio: value / (limitOf.get(labels.what) ?? Infinity),
    }))
    .reduce<Report["fullest"]>((a, b) => a === undefined || b.ratio > a.ratio ? b : a, undefined);
}

function has({ labels }: Value, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

function sum(values: readonly Value[]): number {
  return values.reduce((total, { value }) => total + value, 0);
}
