/**
 * What became of a statement that a checker has run.
 *
 * Invariant: it is what the model of the database did, or what a bend made of that.
 *
 * @module
 */

/** What a statement gives, and how it leaves the database. */
export interface Ran {
  readonly rows: readonly unknown[];
  readonly count: number | undefined;
  readonly mark: number;
  readonly doras: number;
  readonly ottos: number;
  /** It made a job that was there. */
  readonly again: boolean;
}
