/**
 * When a program that ended is started again.
 *
 * Invariant: always within `MAX_DELAY_MS`, and the sooner the longer it had lived. Pure: it is
 * told how long a program lived and says how long to wait.
 *
 * @module
 */

/** A program that lived this long did its work: its end says nothing about the next start. */
const SETTLED_MS = 5_000;
const FIRST_DELAY_MS = 50;
export const MAX_DELAY_MS = 800;

/** How many times in a row a program has ended before it had settled. */
export type QuickEnds = number;

export interface Restart {
  delayMs: number;
  quickEnds: QuickEnds;
}

export function planRestart(livedMs: number, quickEnds: QuickEnds): Restart {
  if (livedMs >= SETTLED_MS) return { delayMs: 0, quickEnds: 0 };
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** quickEnds, MAX_DELAY_MS);
  return { delayMs, quickEnds: quickEnds + 1 };
}
