/**
 * Stretches of time, put together and cut out of each other.
 *
 * Invariant: what comes of a union or an intersection is in order, and no two of it touch. Pure.
 *
 * @module
 */

import type { Span } from "./latency.ts";

export function unionOf(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (!last || from > last.to) merged.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  return merged;
}

export function intersectionOf(some: readonly Span[], others: readonly Span[]): Span[] {
  return unionOf(some.flatMap((one) => others.flatMap((other) => common(one, other))));
}

/** How much of the span they cover. */
export function lengthWithin(spans: readonly Span[], span: Span): number {
  const parts = unionOf(spans).flatMap((one) => common(one, span));
  return parts.reduce((sum, { from, to }) => sum + to - from, 0);
}

function common(one: Span, other: Span): Span[] {
  const from = Math.max(one.from, other.from), to = Math.min(one.to, other.to);
  return from < to ? [{ from, to }] : [];
}
