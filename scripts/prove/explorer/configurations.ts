/**
 * What is explored: worlds in which the rules are kept, and worlds in which one is broken.
 *
 * Invariant: in the first nothing is found, in the others what `finds` says; both are looked at
 * whole, or the run says that it was cut.
 *
 * @module
 */

import type { Model } from "./engine/search.ts";

/** Where it runs: in the tests too; in the short lane of the proof; with `--deep` only. */
export type Lane = "light" | "short" | "deep";

export interface Configuration {
  readonly name: string;
  /** Default: `short`. */
  readonly lane?: Lane;
  /** Also shows that every run comes to rest: needs more memory. */
  readonly cycles?: true;
  /** A rule is broken, and a fault that begins like this is to be found. */
  readonly finds?: string;
  create(): ExploredModel;
}

/** Those of a lane, and of the lanes that are shorter. */
export function inLane(all: readonly Configuration[], lane: Lane): Configuration[] {
  const lanes: readonly Lane[] = ["light", "short", "deep"];
  return all.filter((each) => lanes.indexOf(each.lane ?? "short") <= lanes.indexOf(lane));
}

/** A model, and how to check that its tables are what the code does. */
export interface ExploredModel extends Model {
  readonly machines: readonly {
    readonly states: number;
    readonly entries: number;
    disagreement(maxSteps: number, random: () => number): Promise<unknown>;
  }[];
}
