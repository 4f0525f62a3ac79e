/**
 * The moments on the way from a command to its recipients at which an origin may die.
 *
 * Invariant: nothing depends on who is told of them. Production tells nobody; a test build dies
 * there, so that what is promised is shown to hold at the worst of times.
 *
 * @module
 */

export type Moment =
  /** The database has not heard of the batch. */
  | "before insert"
  /** The batch is committed, and nobody has been answered. */
  | "after commit"
  /** The senders are answered, and it is known who is online. Nothing is published. */
  | "after presence"
  /** Everything is handed to the bus. No push job is stored. */
  | "after publish";

export type Reached = (moment: Moment) => void;
