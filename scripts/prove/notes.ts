/**
 * Figures that a part finds out by itself, besides those that the histories tell.
 *
 * @module
 */

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
}
