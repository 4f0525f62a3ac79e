/**
 * What a part of the proof is: one kind of fault, or of search, that is tried and then judged.
 *
 * Invariant: a part judges itself only by what it returns: an anomaly, or an error that it throws,
 * is a failure; everything else is a figure. It starts what it needs and leaves nothing behind.
 *
 * @module
 */

import type { AnyAnomalyName } from "./anomaly_names.ts";

export interface Part {
  /** As it is typed: lower case, words joined by `-`. */
  readonly name: string;
  /** One short line: what is done, and what must hold. */
  readonly about: string;
  /** About how long it takes on two cores. */
  readonly minutes: number;
  /** The same seed is the same run, step by step: nothing real takes part in it. */
  readonly replays?: true;
  /** Nothing runs beside it: it takes all cores, or measures what others would disturb. */
  readonly alone?: true;
  /** Only run when it is named: it takes longer than the short lane may. */
  readonly long?: true;
  /** When it has failed by taking too long. Default: 25 minutes. */
  readonly withinMs?: number;
  run(context: PartContext): Promise<PartResult>;
}

export interface PartContext {
  /** All chance of the run comes from it. */
  readonly seed: number;
  /** Says how it goes on. */
  report(line: string): void;
  /** Aborted when the run is to end early: the part throws, and leaves nothing behind. */
  readonly signal: AbortSignal;
  /** For what explains a failure: histories, logs. It stays only when the part fails. */
  readonly folder: string;
}

export interface PartResult {
  figures: Figures;
  anomalies: Anomaly[];
  /** What the figures depend on, such as a size. */
  conditions?: Conditions;
}

/**
 * Numbers by name. A name says how several runs become one: see `mergeFigures` in `scoreboard.ts`.
 */
export type Figures = Record<string, number>;

export type Conditions = Record<string, string | number>;

/** Something that must never be seen, and was. */
export interface Anomaly {
  /** What PROOF.md explains and the scoreboard counts. */
  name: AnyAnomalyName;
  count: number;
  /** Some of them, in words that help to find the cause. */
  examples: string[];
}

export function anomaly(name: AnyAnomalyName, ...examples: string[]): Anomaly {
  return { name, count: Math.max(1, examples.length), examples };
}
