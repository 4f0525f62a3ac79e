/**
 * What a crashing origin is told to do, by way of a file.
 *
 * @module
 */

import type { Moment } from "origin/moments.ts";

export interface Order {
  /** Each order has its own; 0 is none. */
  number: number;
  moment?: Moment;
}

/** The exit code of an origin that did as it was told. */
export const CRASHED = 99;
