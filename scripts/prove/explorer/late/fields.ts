/**
 * The fields of a state of the late check: the database, what Dora has, and the two checkers.
 *
 * Invariant: as in `world/fields.ts`, each is a small number.
 *
 * @module
 */

import { placesOf } from "../engine/layout.ts";

const WIDTHS = {
  /** Committed; and of these, so old that the late check looks at them. */
  head: 2,
  ripe: 2,
  mark: 2,
  /** Places of messages, as bits: whose jobs there are. */
  doras: 4,
  ottos: 4,
  /** What Dora's device has. */
  got: 4,
  /** Where her laptop began, at the head, and up to where it has received; 0: it did not. */
  began: 2,
  laptop: 2,
  /** The states of the checkers' table. */
  checkerA: 20,
  checkerB: 20,
  /** What each knew that Dora had received when it last decided, as bits. */
  knewA: 4,
  knewB: 4,
  /** What happened that must not: see `LateModel.fault`. */
  wrong: 2,
  crashes: 2,
  failures: 2,
  endings: 1,
} as const;

export const FIELD_WIDTHS: readonly number[] = Object.values(WIDTHS);

export const AT = placesOf(WIDTHS);

export const CHECKER = [AT.checkerA, AT.checkerB] as const;
export const KNEW = [AT.knewA, AT.knewB] as const;

export const WRONG = { none: 0, back: 1, twice: 2, known: 3 } as const;

/** What may happen at most so often. */
export interface LateBudget {
  crashes?: number;
  /** Statements of which the checker hears that they failed, though some were carried out. */
  failures?: number;
  /** Reports that Dora's connection ended. */
  endings?: number;
}

export function setBudget(s: Int32Array, { crashes = 0, failures = 0, endings = 0 }: LateBudget) {
  s[AT.crashes] = crashes;
  s[AT.failures] = failures;
  s[AT.endings] = endings;
}

/** Checkers are alike: which of them is in which state is nothing to anybody. */
export function sortCheckers(s: Int32Array): void {
  const order = s[AT.checkerA]! - s[AT.checkerB]! || s[AT.knewA]! - s[AT.knewB]!;
  if (order <= 0) return;
  [s[AT.checkerA], s[AT.checkerB]] = [s[AT.checkerB]!, s[AT.checkerA]!];
  [s[AT.knewA], s[AT.knewB]] = [s[AT.knewB]!, s[AT.knewA]!];
}
