/**
 * Counters that are there before anything is counted.
 *
 * Invariant: a counter shows every value of its labels that is known beforehand, at 0, from the
 * start: to Prometheus the step from nothing to 1 is no increase, and the first error would be seen
 * by no alert. What is known is a list in the code, so nobody from outside makes a series. Knows no
 * part.
 *
 * @module
 */

import { Counter, type Registry } from "prom-client";

/** Of each label the values that are known; of one whose list is of `string`, others may follow. */
export type Known = Readonly<Record<string, readonly (string | number)[]>>;

type Labels<Of extends Known> = { readonly [Label in keyof Of]: Of[Label][number] };

/** Counts what it knows: a value that is in no list does not compile. */
export interface KnownCounter<Of extends Known> {
  inc(labels: Labels<Of>, value?: number): void;
  inc(value?: number): void;
}

/** `prefix`: of all names, such as `fanfare_edge_`. */
export function countersIn(registry: Registry, prefix: string) {
  return <const Of extends Known>(name: string, help: string, known?: Of): KnownCounter<Of> => {
    const labelNames = Object.keys(known ?? {});
    const counter = new Counter({
      name: `${prefix}${name}`,
      help,
      labelNames,
      registers: [registry],
    });
    for (const labels of combined(known ?? {})) counter.inc(labels, 0);
    return counter as KnownCounter<Of>;
  };
}

function combined(known: Known): Record<string, string | number>[] {
  return Object.entries(known).reduce<Record<string, string | number>[]>(
    (all, [label, values]) =>
      all.flatMap((one) => values.map((value) => ({ ...one, [label]: value }))),
    [{}],
  );
}
