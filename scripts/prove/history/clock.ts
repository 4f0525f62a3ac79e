/**
 * The one clock of a history.
 *
 * @module
 */

export interface Clock {
  /** Milliseconds since 1970 when it stood at 0. */
  readonly originMs: number;
  now(): number;
}

/** Counts from when the process started. It never steps back. */
export const monotonicClock: Clock = {
  originMs: performance.timeOrigin,
  now: () => performance.now(),
};
