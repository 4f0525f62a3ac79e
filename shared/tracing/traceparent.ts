/**
 * The place of a message on its way, as it travels: W3C's `traceparent`.
 *
 * Invariant: a value that was read has the one form that there is, and only what is traced has one.
 * Pure.
 *
 * @module
 */

declare const brand: unique symbol;
/** `00-<trace id>-<span id>-01`. */
export type Traceparent = string & { readonly [brand]: "traceparent" };

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/;

export function traceparentOf(traceId: string, spanId: string): Traceparent {
  return `00-${traceId}-${spanId}-01` as Traceparent;
}

/** `undefined` for anything else: what is not traced, or not written by us. */
export function readTraceparent(value: unknown): Traceparent | undefined {
  return typeof value === "string" && TRACEPARENT.test(value) ? value as Traceparent : undefined;
}

export function traceIdOf(traceparent: Traceparent): string {
  return traceparent.slice(3, 35);
}

export function spanIdOf(traceparent: Traceparent): string {
  return traceparent.slice(36, 52);
}
