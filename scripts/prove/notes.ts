/**
 * Figures that a part finds out by itself, besides those that the histories tell.
 *
 * @module
 */

import type { History } from "./history/entry.ts";
import { answersWithin, deliveriesWithin, type Span } from "./history/latency.ts";
import type { Figures } from "./part.ts";

export class Notes {
  readonly figures: Figures = {};

  count(name: string, by = 1): void {
    this.figures[name] = (this.figures[name] ?? 0) + by;
  }

  /** The highest of all that are noted. */
  max(name: string, value: number): void {
    this.figures[name] = Math.max(this.figures[name] ?? 0, Math.round(value));
  }

  /** How users were off in some time. */
  span(name: string, history: History, span: Span): void {
    this.max(`${name}_send_p99_ms`, answersWithin(history, span).p99);
    this.max(`${name}_live_p99_ms`, deliveriesWithin(history, span).p99);
  }
}
