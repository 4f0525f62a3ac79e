/**
 * Rates and quantiles of what a replica told lately.
 *
 * Invariant: what was not told is not a number, never nought. Pure.
 *
 * @module
 */

import { LATENCY_BUCKETS_S } from "shared/metrics.ts";
import type { Replica, Sample } from "./fleet.ts";

/** What matters most to users: from the commit until an event is in the queues of the sockets. */
export const DELIVERY = "fanfare_edge_delivery_latency_seconds";

/** As it was told last. */
export function figureOf({ report }: Replica, metric: string): number {
  return report?.figures[metric] ?? NaN;
}

const RATED_MS = 10_000;

/** Of a counter, a second, over the last ten. */
export function rateOf({ samples }: Replica, metric: string): number {
  const told = samples.filter(({ figures }) => metric in figures);
  const last = told.at(-1);
  const first = told.find(({ atMs }) => last!.atMs - atMs <= RATED_MS);
  if (!last || !first || first.atMs === last.atMs) return NaN;
  const grown = last.figures[metric]! - first.figures[metric]!;
  return Math.max(0, grown) / ((last.atMs - first.atMs) / 1000);
}

/** By how much a counter grew in the last minute. */
export function growthOf({ samples }: Replica, metric: string): number {
  const told = samples.filter(({ figures }) => metric in figures);
  return told.length < 2
    ? NaN
    : Math.max(0, told.at(-1)!.figures[metric]! - told[0]!.figures[metric]!);
}

/** What was observed in the last minute by all of them, up to each bound. */
export function spreadOf(replicas: readonly Replica[], metric: string): number[] {
  const total = new Array<number>(LATENCY_BUCKETS_S.length + 1).fill(0);
  for (const { samples } of replicas) {
    const [first, last] = [samples[0], samples.at(-1)].map((sample) => countsOf(sample, metric));
    if (!first || !last || samples.length < 2) continue;
    total.forEach((_, i) => total[i]! += Math.max(0, last[i]! - first[i]!));
  }
  return total;
}

/** Buckets of another release say nothing here. */
function countsOf(sample: Sample | undefined, metric: string): number[] | undefined {
  const counts = sample?.spreads[metric];
  return counts?.length === LATENCY_BUCKETS_S.length + 1 ? counts : undefined;
}

/** In seconds: between the bounds of its bucket in proportion, as Prometheus has it. */
export function quantileOf(spread: readonly number[], q: number): number {
  const all = spread.at(-1) ?? 0;
  if (all === 0) return NaN;
  const rank = q * all;
  const i = spread.findIndex((count) => count >= rank);
  const upper = LATENCY_BUCKETS_S[i];
  if (upper === undefined) return LATENCY_BUCKETS_S.at(-1)!;
  const lower = i === 0 ? 0 : LATENCY_BUCKETS_S[i - 1]!;
  const below = i === 0 ? 0 : spread[i - 1]!;
  return lower + (upper - lower) * ((rank - below) / (spread[i]! - below));
}

/** Adds up what was told. */
export function sumOf(values: readonly number[]): number {
  const told = values.filter((value) => !Number.isNaN(value));
  return told.length === 0 ? NaN : told.reduce((a, b) => a + b, 0);
}

export function maxOf(values: readonly number[]): number {
  const told = values.filter((value) => !Number.isNaN(value));
  return told.length === 0 ? NaN : Math.max(...told);
}

export function minOf(values: readonly number[]): number {
  return -maxOf(values.map((value) => -value));
}
