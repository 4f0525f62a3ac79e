/**
 * How soon sends succeed again after an outage.
 *
 * Invariant: every send that was begun or awaited an answer during an outage counts, not only a
 * probe's. Outages that overlap are one: nobody can succeed while another part is still down. Pure.
 *
 * @module
 */

import type { SendHistory } from "./evidence.ts";

/** From when a part was broken until it was ready again; on the clock of the history. */
export interface Outage {
  part: string;
  downAt: number;
  readyAt: number;
}

/** For each send that met an outage, how long after its end it was answered, in milliseconds. */
export function delaysAfter(outages: readonly Outage[], sends: readonly SendHistory[]): number[] {
  const merged = mergeOutages(outages);
  return sends.flatMap(({ invokedAt, answered }) => {
    if (!answered) return [];
    // The last that had ended, or had begun, when the answer came.
    const met = merged.findLast(({ downAt }) => downAt <= answered.at);
    if (!met || invokedAt >= met.readyAt) return [];
    return [Math.max(0, answered.at - met.readyAt)];
  });
}

export function mergeOutages(outages: readonly Outage[]): Outage[] {
  const merged: Outage[] = [];
  for (const outage of outages.toSorted((a, b) => a.downAt - b.downAt)) {
    const last = merged.at(-1);
    if (!last || outage.downAt > last.readyAt) merged.push({ ...outage });
    else {
      last.readyAt = Math.max(last.readyAt, outage.readyAt);
      last.part += ` ${outage.part}`;
    }
  }
  return merged;
}
