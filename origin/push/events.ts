/**
 * What push has to tell: the program hands in what counts and logs it.
 *
 * Invariant: nothing here carries a token, a user or a text, so that it may become a log line or a
 * metric's label as it is.
 *
 * @module
 */

import type { Platform } from "./gateway/gateway.ts";

export interface PushEvents {
  /** A provider accepted a note. */
  sent(platform: Platform): void;
  /** A token was removed. */
  pruned(platform: Platform, reason: string): void;
  /** A note will be tried again. */
  retried(platform: Platform, reason: string): void;
  /** A provider refused a note for good; its token stays. */
  refused(platform: Platform, reason: string): void;
  /** A job ended with nothing to send, e.g. `received`, `no targets`, `not configured`. */
  dropped(reason: string): void;
  /** A job ended though it should have been sent. */
  dead(reason: string): void;
  /** Our own key or configuration must be wrong: an operator must look. Told once, until it works. */
  alarm(platform: Platform, reason: string): void;
  /** Something of ours failed and will be tried again. */
  failed(
    doing: "claim" | "record" | "prune" | "confirm" | "clean up" | "send",
    error: unknown,
  ): void;
}
