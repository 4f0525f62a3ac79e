/**
 * What figures may be at most, and that they are there at all.
 *
 * Invariant: a limit holds only for what was measured: a figure that is missing, or is no number, is
 * as bad as one that is too high. Pure.
 *
 * @module
 */

import { type Anomaly, anomaly, type Figures } from "./part.ts";

export function judgeLimits(figures: Figures, limits: Figures): Anomaly[] {
  const over: string[] = [], unknown: string[] = [];
  for (const [name, limit] of Object.entries(limits)) {
    const figure = figures[name] ?? NaN;
    if (!Number.isFinite(figure)) unknown.push(`${name} is not known, at most ${limit}`);
    else if (figure > limit) over.push(`${name} is ${figure}, at most ${limit}`);
  }
  return [
    ...over.length > 0 ? [anomaly("over-limit", ...over)] : [],
    ...unknown.length > 0 ? [anomaly("not-measured", ...unknown)] : [],
  ];
}

/** Without those that nothing was measured for. */
export function measured(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}
