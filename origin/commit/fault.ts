/**
 * What a failed statement means for what it was to commit.
 *
 * Invariant: whatever is not known for certain is `unknown`.
 *
 * @module
 */

import { sqlStateOf } from "origin/store/sql.ts";

/**
 * - `refused`: Postgres will never take it as it is. Nothing was committed.
 * - `aborted`: nothing was committed, and the same may succeed a moment later.
 * - `locked`: nothing was committed, for somebody else has locked what one of them needs.
 * - `unknown`: it may have been committed: the answer was lost.
 */
export type Fault = "refused" | "aborted" | "locked" | "unknown";

/** Codes of the driver, or of its socket, for a statement that was never sent. */
const NEVER_SENT = new Set(["ECONNREFUSED", "CONNECT_TIMEOUT", "ENOTFOUND", "EHOSTUNREACH"]);

/** Errors that pass by themselves: their classes, or whole codes. */
const PASSING = [
  "25006", // read-only transaction: a failover is going on
  "40", // rollback: deadlock, serialization
  "53", // resources: too many connections, disk full
  "55", // object in use
  "57014", // cancelled: statement timeout
  "57P03", // cannot connect now: starting up
  "58", // trouble of the machine: input and output
];

const LOCK_TIMEOUT = "55P03";

/** The connection or the backend ended, or the server says that it does not know the outcome. */
const UNCERTAIN = ["08", "40003", "57P01", "57P02", "57P04", "57P05"];

export function faultOf(error: unknown): Fault {
  const state = sqlStateOf(error);
  if (state === undefined) {
    const code = (error as { code?: unknown } | null)?.code;
    return typeof code === "string" && NEVER_SENT.has(code) ? "aborted" : "unknown";
  }
  const isOneOf = (codes: string[]) => codes.some((code) => state.startsWith(code));
  if (isOneOf(UNCERTAIN)) return "unknown";
  if (state === LOCK_TIMEOUT) return "locked";
  return isOneOf(PASSING) ? "aborted" : "refused";
}
