/**
 * Which messages are traced, and under which id.
 *
 * Invariant: a message's sender and its own id decide alone. So every hop comes to the same decision
 * and to the same trace, also one that nothing has travelled to: a push made from the database, an
 * event that an edge reads because it missed it, a send that is repeated.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Traceparent, traceparentOf } from "./traceparent.ts";

const TRACE_ID_DIGITS = 32, SPAN_ID_DIGITS = 16;
/** As many digits of the trace id as a number holds exactly. */
const DECIDING_DIGITS = 13;
const ALL = 16 ** DECIDING_DIGITS;

/**
 * Where a message's trace begins: its span stands for the message itself, and nobody reports it.
 * `undefined`: the message is not one of the `ratio` (0 to 1) that are traced.
 */
export function beginTrace(sender: string, id: string, ratio: number): Traceparent | undefined {
  // No id holds a control character.
  const hash = createHash("sha256").update(`${sender}\n${id}`).digest("hex");
  const traceId = hash.slice(0, TRACE_ID_DIGITS);
  if (parseInt(traceId.slice(-DECIDING_DIGITS), 16) >= ratio * ALL) return;
  return traceparentOf(traceId, hash.slice(TRACE_ID_DIGITS, TRACE_ID_DIGITS + SPAN_ID_DIGITS));
}
