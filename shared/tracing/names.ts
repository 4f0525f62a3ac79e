/**
 * A message's own names, where all that is at hand is what was sent, or the event's text.
 *
 * Invariant: never throws; what is no message has no such names. Pure.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";

/** Of a client's own data, not yet validated. */
export function idOfSend(data: JsonValue): unknown {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? data.id : undefined;
}

/** Of an event, or of its fields, as JSON text. */
export function namesIn(text: string): { from?: unknown; id?: unknown } {
  try {
    const { from, id } = JSON.parse(text);
    return { from, id };
  } catch {
    // Whoever has to read it tells of it: for tracing it is only not traced.
    return {};
  }
}
