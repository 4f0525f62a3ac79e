/**
 * The names of what can happen to the late check, and of what must not.
 *
 * @module
 */

import { WRONG } from "./fields.ts";

/** `#` stands for the number that goes with a step. */
const NAMES = [
  "# is committed",
  "# is old enough",
  "Dora's device receives #",
  "Dora's laptop begins at #",
  "Dora's laptop receives #",
  "a checker hears that Dora's laptop received all up to #",
  "a checker begins a round",
  "a checker hears that Dora received all up to #",
  "a checker hears that Dora's connection ended",
  "the database answers a checker",
  "the statement of a checker fails, carried out",
  "the statement of a checker fails, not carried out",
  "a checker finds Dora looking: #",
  "edges answer a checker: Dora received all up to #",
  "no edge answers a checker",
  "a checker crashes and starts again",
] as const;
export type StepName = typeof NAMES[number];

export function numberOf(name: StepName): number {
  return NAMES.indexOf(name);
}

export function nameStep(number: number, a: number): string {
  return NAMES[number]!.replace("#", `${a}`);
}

/** By the field `wrong`. */
export const FAULTS = {
  [WRONG.none]: undefined,
  [WRONG.back]: "mark: it moves back",
  [WRONG.twice]: "twice: a job is made that was there",
  [WRONG.known]: "known: a push is made of what its checker knew to be received",
};
