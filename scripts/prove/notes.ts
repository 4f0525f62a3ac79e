/**
 * Figures that a part finds out by itself, besides those that the histories tell.
 *
 * @module
 */

import type { History } from "./history/entry.ts";
import { answersWithin, deliveriesWithin, type Span } from "./history/latency.ts";
import { type Anomaly, anomaly, type Figures } from "./part.ts";

export class Notes {
  readonly figures: Figures = {};
  readonly #spans = new Map<string, Span>();

  count(name: string, by = 1): void {
    this.figures[name] = (this.figures[name] ?? 0) + by;
  }

  /** The highest of all that are noted. */
  max(name: string, value: number): void {
    this.figures[name] = Math.max(this.figures[name] ?? 0, Math.round(value));
  }

  /** A time of which `spansIn` is to say how users were off in it. */
  span(name: string, span: Span): void {
    this.#spans.set(name, span);
  }

  /**
   * How users were off in each span: of what was begun in it, however late that ended. So the
   * history must be over: what still waits is the slowest.
   *
   * @throws {Error} When nothing was sent in a span, or nothing came: that is no good figure.
   */
  spansIn(history: History): Figures {
    const figures: Figures = {};
    for (const [name, span] of this.#spans) {
      const sends = answersWithin(history, span), live = deliveriesWithin(history, span);
      if (sends.n === 0 || live.n === 0) {
        throw new Error(`Cannot judge ${name}: ${sends.n} sends, ${live.n} deliveries`);
      }
      figures[`${name}_send_p99_ms`] = Math.round(sends.p99);
      figures[`${name}_live_p99_ms`] = Math.round(live.p99);
      figures[`${name}_live_max_ms`] = Math.round(live.max);
    }
    return figures;
  }
}

/** What must have happened for a part to have shown anything: figures that may not be 0. */
export function notTaken(figures: Figures, names: readonly string[]): Anomaly[] {
  const missing = names.filter((name) => !figures[name]);
  return missing.length === 0 ? [] : [anomaly("not-taken", ...missing)];
}
