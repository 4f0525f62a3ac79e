/**
 * What traces messages, as the parts of a program use it.
 *
 * Invariant: a span is below a message or below another span of it, never below whatever else runs.
 * Nothing here holds a body, a token or a user: `SpanFields` are all that is told.
 *
 * @module
 */

import type { Traceparent } from "./traceparent.ts";

export interface Tracing {
  /** Where the message's trace begins; `undefined`: it is not one of those that are traced. */
  begin(sender: string, id: unknown): Traceparent | undefined;
  start(name: SpanName, parent: Traceparent, options?: SpanOptions): Span;
  /** Of the spans' clock, ms since 1970. */
  nowMs(): number;
}

/** In the order in which a message passes them. */
export const SPAN_NAMES = ["send", "commit", "fan out", "hand out", "push", "fcm", "apns"] as const;
export type SpanName = (typeof SPAN_NAMES)[number];

export interface SpanOptions {
  /** When it began, of the spans' clock; left out: now. */
  startMs?: number;
}

export interface SpanFields {
  gsid?: number;
  /** A code of the wire, for what was refused. */
  code?: number;
  duplicate?: boolean;
  publications?: number;
  pushes?: number;
  /** Where an edge had the event from. */
  source?: string;
  /** To how many subscriptions an edge handed it. */
  handOuts?: number;
  attempt?: number;
  outcome?: string;
  reason?: string;
}

export interface Span {
  /** For what comes after it. */
  readonly traceparent: Traceparent;
  /** To be called once. */
  end(fields: SpanFields, options?: EndOptions): void;
}

export interface EndOptions {
  /** When it ended, of the spans' clock; left out: now. */
  endMs?: number;
  /** By no fault of whoever asked. */
  failed?: boolean;
}
