/**
 * What an expression of PromQL asks for: the names of our metrics, as they are registered.
 *
 * Pure: a text in, names out. Knows no more of the language than that names are words.
 *
 * @module
 */

import type { RegisteredMetric } from "./registered.ts";

/** What is asked for that no program has, or that it has as another type; empty when all is well. */
export function faultsIn(expression: string, metrics: readonly RegisteredMetric[]): string[] {
  const byName = new Map(metrics.map((metric) => [metric.name, metric]));
  return namesIn(expression).flatMap((name) => {
    const metric = byName.get(name);
    if (metric && metric.type !== "histogram") return faultInUse(expression, metric);
    const histogram = byName.get(name.replace(/_(bucket|sum|count)$/, ""));
    if (histogram?.type === "histogram" && histogram.name !== name) return [];
    return [metric ? `${name} is a histogram` : `${name} is not registered`];
  });
}

export function namesIn(expression: string): string[] {
  return [...new Set(expression.match(/\bfanfare_\w+/g))];
}

/** A counter says nothing but by how much it grows; a gauge has no rate. */
function faultInUse(expression: string, { name, type }: RegisteredMetric): string[] {
  const counted = new RegExp(`(rate|increase)\\(${name}(\\{[^}]*\\})?\\[`).test(expression);
  if (type === "counter" && !counted) return [`${name} is a counter, used as a gauge`];
  if (type === "gauge" && counted) return [`${name} is a gauge, used as a counter`];
  return [];
}
