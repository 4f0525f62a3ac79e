/**
 * What was run, and what came of it.
 *
 * Invariant: a run is only ever added, never changed, so that a long proof may be made in pieces;
 * every number that is shown is computed from the runs. Pure: the file is `scoreboard_file.ts`.
 *
 * @module
 */

import { OF_TIME } from "./anomaly_names.ts";
import type { Anomaly, Conditions, Figures } from "./part.ts";

/** One run of one part. */
export interface Run {
  seed: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  ms: number;
  figures: Figures;
  anomalies: Anomaly[];
  /** Why the part threw, and what it left rejected. */
  failure?: string;
  /** Rejections that nobody handled. */
  strays?: number;
  conditions: Conditions;
}

export interface Scoreboard {
  parts: Record<string, Run[]>;
}

export const EMPTY: Scoreboard = { parts: {} };

export function addRun({ parts }: Scoreboard, part: string, run: Run): Scoreboard {
  return { parts: { ...parts, [part]: [...parts[part] ?? [], run] } };
}

/** `untimed`: what took too long, or too much, is no failure. */
export function hasPassed({ anomalies, failure }: Run, { untimed = false } = {}): boolean {
  const judged = anomalies.filter(({ name }) => !(untimed && name === "over-limit"));
  return judged.length === 0 && failure === undefined;
}

/**
 * Whether all that an untimed run failed for may have come of time alone; a part that threw most
 * likely waited for something.
 */
export function mayBeOfTime(run: Run): boolean {
  return !hasPassed(run) && !run.strays &&
    run.anomalies.every(({ name }) => name === "over-limit" || OF_TIME.has(name));
}

export function lastRun({ parts }: Scoreboard, part: string, seed: number): Run | undefined {
  return parts[part]?.findLast((run) => run.seed === seed);
}

/** All runs of a part as one. */
export interface Summary {
  part: string;
  runs: number;
  failed: number;
  ms: number;
  figures: Figures;
  /** How often each was seen. */
  anomalies: Record<string, number>;
}

/** In the given order; parts that are not in it come last. */
export function summariesOf({ parts }: Scoreboard, order: readonly string[]): Summary[] {
  const rank = (part: string) => order.includes(part) ? order.indexOf(part) : order.length;
  return Object.entries(parts)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([part, runs]) => ({
      part,
      runs: runs.length,
      failed: runs.filter((run) => !hasPassed(run)).length,
      ms: runs.reduce((sum, { ms }) => sum + ms, 0),
      figures: mergeFigures(runs.map(({ figures }) => figures)),
      anomalies: countAnomalies(runs),
    }));
}

/** A figure whose name holds one of these words is that of its worst run, which is the highest. */
const OF_ONE_RUN = /(^|_)(p50|p99|max)(_|$)/;

/** Several runs as one: a figure of one run is that of the worst run, all others are sums. */
export function mergeFigures(all: readonly Figures[]): Figures {
  const merged: Figures = {};
  for (const figures of all) {
    for (const [name, value] of Object.entries(figures)) {
      const before = merged[name];
      if (before === undefined) merged[name] = value;
      else merged[name] = OF_ONE_RUN.test(name) ? Math.max(before, value) : before + value;
    }
  }
  return merged;
}

function countAnomalies(runs: readonly Run[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (name: string, count: number) => counts[name] = (counts[name] ?? 0) + count;
  for (const { anomalies, failure } of runs) {
    for (const { name, count } of anomalies) add(name, count);
    if (failure !== undefined) add("error", 1);
  }
  return counts;
}

/** Each condition, and every value that it had. */
export function conditionsOf({ parts }: Scoreboard): Record<string, string> {
  const values = new Map<string, Set<string>>();
  for (const { conditions } of Object.values(parts).flat()) {
    for (const [name, value] of Object.entries(conditions)) {
      values.set(name, (values.get(name) ?? new Set()).add(String(value)));
    }
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, [...all].join(", ")]));
}
