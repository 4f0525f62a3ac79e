/**
 * Which edges are alive, as far as their beats tell.
 *
 * Invariant: a replica is called silent only by an origin that would have heard it: one that is
 * connected and hears its own beat come back over the bus. Whenever it cannot say, it says unsure.
 * Decides only: beats and clock are handed in.
 *
 * @module
 */

/**
 * - `heard`: it beats.
 * - `silent`: it has not for `SILENT_AFTER_MS`, though it would have been heard.
 * - `unsure`: nothing is known, because this origin has not listened long enough.
 */
export type Pulse = "heard" | "silent" | "unsure";

export const BEAT_INTERVAL_MS = 2_000;
export const SILENT_AFTER_MS = 6_000;
/** An own beat that comes back is good for so long. */
const LOOPBACK_LASTS_MS = 2 * BEAT_INTERVAL_MS;

export class Beats {
  readonly #lastOf = new Map<string, number>();
  #connected = false;
  #lastOwn = -Infinity;
  /** Since when this origin has heard whatever beat, without a break. */
  #listeningSince = Infinity;

  /** The bus connection came or went. */
  setConnected(connected: boolean): void {
    this.#connected = connected;
    this.#listeningSince = Infinity;
    this.#lastOwn = -Infinity;
  }

  heardOwn(nowMs: number): void {
    if (!this.isListening(nowMs)) this.#listeningSince = nowMs;
    this.#lastOwn = nowMs;
  }

  heard(replica: string, nowMs: number): void {
    this.#lastOf.set(replica, nowMs);
  }

  /** It has said that nobody is there any more: there is nothing to wait for. */
  ended(replica: string): void {
    this.#lastOf.delete(replica);
  }

  isListening(nowMs: number): boolean {
    return this.#connected && nowMs - this.#lastOwn <= LOOPBACK_LASTS_MS;
  }

  pulseOf(replica: string, nowMs: number): Pulse {
    const last = this.#lastOf.get(replica) ?? -Infinity;
    if (nowMs - last <= SILENT_AFTER_MS) return "heard";
    if (!this.isListening(nowMs)) return "unsure";
    return nowMs - this.#listeningSince > SILENT_AFTER_MS ? "silent" : "unsure";
  }

  /** Those that beat now; others are forgotten. */
  heardReplicas(nowMs: number): string[] {
    for (const [replica, last] of this.#lastOf) {
      if (nowMs - last > SILENT_AFTER_MS) this.#lastOf.delete(replica);
    }
    return [...this.#lastOf.keys()];
  }
}
