/**
 * Whether this edge is cut off, and for how long its clients should put up with it.
 *
 * Invariant: an edge that hears no origin keeps its connections for `PATIENCE_MS`, since most cuts
 * end by themselves and a reconnect of everybody costs more; then another edge may be better off.
 * Pure: the time is handed in.
 *
 * @module
 */

export const PATIENCE_MS = 60_000;

export class Isolation {
  #sinceMs: number | undefined;

  /** Whether the clients should be let go. `reachable`: origins are heard at this moment. */
  isHopeless(reachable: boolean, nowMs: number): boolean {
    if (reachable) this.#sinceMs = undefined;
    else this.#sinceMs ??= nowMs;
    return this.#sinceMs !== undefined && nowMs - this.#sinceMs >= PATIENCE_MS;
  }
}
