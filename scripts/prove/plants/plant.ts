/**
 * What a plant is: a bug, to be put into a copy of the source, that the proof must find.
 *
 * Invariant: an edit names text that its file holds exactly once, so that a plant which no longer
 * fits the source is noticed and never passes for caught. Pure.
 *
 * @module
 */

import type { Judge } from "./judge.ts";
import type { Promised } from "./promises.ts";

export interface Plant {
  /** Lower case, words joined by `-`. */
  readonly name: string;
  /** What it does wrong, and what that breaks: one sentence. */
  readonly about: string;
  readonly promise: Promised;
  readonly edits: readonly Edit[];
  /** Everything that must find it, the first the soonest. */
  readonly judges: readonly Expected[];
}

export interface Edit {
  /** Relative to the project's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A judge, and what it must say: it may not be red for another reason. */
export interface Expected {
  readonly judge: Judge;
  readonly says: RegExp;
}

/** The files that a plant changes, with their edits in order. */
export function filesOf({ edits }: Pick<Plant, "edits">): Map<string, Edit[]> {
  return Map.groupBy(edits, ({ file }) => file);
}

/** @throws {Error} When an edit does not fit. */
export function edited(source: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { file, find, replace }) => {
    const parts = text.split(find);
    if (parts.length === 2) return parts.join(replace);
    const what = JSON.stringify(find.trim().split("\n")[0]);
    throw new Error(`Cannot edit ${file}: it holds ${what} ${parts.length - 1} times, not once`);
  }, source);
}
