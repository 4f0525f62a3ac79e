/**
 * How the late check can be bent: a rule broken on purpose, to see that it is found.
 *
 * @module
 */

import type { LateCheck } from "origin/audit/late_check_shell.ts";
import type { Query } from "../../simulation/model/postgres/query.ts";
import type { Ran } from "./ran.ts";

/** Each gives what happens instead; left out: what happened. */
export interface LateBends {
  /** Changes a new checker. */
  check?(check: LateCheck): void;
  /** What the database gives. */
  read?(query: Query, rows: unknown[]): unknown[];
  /** What a statement leaves behind. */
  ran?(ran: Ran, before: Int32Array, query: Query): Ran;
  /** What a crash in the middle of a statement leaves behind. */
  torn?(ran: Ran, before: Int32Array): Ran;
  /** Up to where an edge reports that all was received; `last`: what the device got last. */
  reported?(position: number, last: number): number;
  /** Where a device that began at the head is said to have begun. */
  began?(place: number): number;
  /** A job that is there does not keep the next from being made. */
  forgets?: true;
  /** Events count as old at once. */
  early?: true;
}
