/**
 * Which seeds to run, as it is typed.
 *
 * @module
 */

import { InvalidArgumentError } from "commander";

const MOST = 2 ** 32 - 1;

/** `7` or `1-1000`. */
export function seedsFrom(text: string): { from: number; seeds: number } {
  const [, first, last] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text) ?? [];
  const from = Number(first), upto = Number(last ?? first);
  if (!(from <= upto && upto <= MOST)) {
    throw new InvalidArgumentError("It is a number, or a range.");
  }
  return { from, seeds: upto - from + 1 };
}
