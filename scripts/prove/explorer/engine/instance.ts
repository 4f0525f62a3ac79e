/**
 * What a part of the real system is to the explorer: objects that are led from input to input.
 *
 * Invariant: whatever an instance does it does inside a step, and what it then depends on is in its
 * text. Knows nothing of the tables that are made of it.
 *
 * @module
 */

/** The real objects of a part, with an environment that only records. */
export interface Instance<Input, Output, Facts> {
  /** May start what goes on in microtasks. */
  perform(input: Input): void;
  /** Everything that what it does from here on depends on. */
  describe(): string;
  /** What the environment may know of it. */
  facts(): Facts;
  /** What it did since the last call. */
  take(): Output[];
}

/** What a part asks of its neighbours in the middle of a step. */
export type Ask<Question extends string = string> = (question: Question) => number;

export type Create<Input, Output, Facts> = (ask: Ask) => Instance<Input, Output, Facts>;
