/**
 * What a statement of an origin is to the model: how it is known, and what it does.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { NewJob } from "./audit.ts";
import type { Revocation } from "./revocations.ts";
import type { Tables } from "./tables.ts";

/** Who made a push job. */
export type Maker = "fast path" | "late check" | "ended report" | "pager";

export interface Watch {
  /** The late check's mark has moved, and the jobs below it are there. */
  checked(after: Gsid, upto: Gsid): void;
  jobMade(job: NewJob, by: Maker): void;
  /** A job was dropped, since its user is said to have received the message. */
  spared(job: NewJob): void;
  /** A digest had to end before the head. */
  digestCut(): void;
  /** Tokens are good no more. */
  revoked(revocation: Revocation): void;
}

/** So much fits an answer: real ones are larger, and seldom full. */
export interface Limits {
  digestEvents: number;
  pageEvents: number;
}

export interface Running {
  tables: Tables;
  watch: Watch;
  limits: Limits;
  /** With what fragments hold taken out of them. */
  values: readonly unknown[];
  nowMs: number;
  /** When it got the lock: gsids are drawn then. */
  lockedMs: number;
}

export type Rows = unknown[] & { count?: number };

export interface Statement {
  /** Text that no other statement has, `$` for each value; behind a `^` it begins with it. */
  says: string;
  kind: "append" | "read" | "audit" | "push";
  run(running: Running): Rows;
}

/** What the driver says of a statement that returns no rows. */
export function counted(count: number): unknown[] & { count: number } {
  return Object.assign([], { count });
}
