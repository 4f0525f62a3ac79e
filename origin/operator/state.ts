/**
 * How a replica is, in one word and why.
 *
 * Invariant: a worse state has a higher badness, and only what an operator should look at is above
 * nought. Pure.
 *
 * @module
 */

import type { Replica } from "./fleet.ts";
import { span } from "./words.ts";

export type StateWord = "ready" | "not ready" | "draining" | "silent" | "ended" | "untold";

export interface State {
  word: StateWord;
  badness: 0 | 1 | 2 | 3;
  /** Left out when the word says it all. */
  why?: string;
}

export function stateOf({ report, pulse, silentMs }: Replica): State {
  if (pulse === "ended") {
    return { word: "ended", badness: 0, why: report?.draining ? "drained" : "was started anew" };
  }
  if (pulse === "missed") {
    return { word: "silent", badness: 3, why: `not heard for ${span(silentMs)}` };
  }
  if (!report) return { word: "untold", badness: 0, why: "beats, and tells nothing of itself" };
  if (report.draining) return { word: "draining", badness: 1 };
  const faults = report.faults.map(([check, why]) => `${check}: ${why}`).join("; ");
  return faults ? { word: "not ready", badness: 2, why: faults } : { word: "ready", badness: 0 };
}
