/**
 * When a piece that comes now is to arrive.
 *
 * Invariant: pieces arrive in the order in which they came. Pure but for its own state: the clock
 * and chance are handed in.
 *
 * @module
 */

import type { Pace } from "./faults.ts";

const LARGEST_PIECE = 64 * 1024;
/** A thin way passes many small pieces, not one large one after a long silence. */
const PIECES_PER_S = 20;

export class Pacer {
  readonly #random: () => number;
  #pace: Pace = {};
  /** When the last piece will have left the way's entrance. */
  #leftMs = 0;
  #arrivesMs = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  set pace(pace: Pace) {
    this.#pace = pace;
  }

  /** The most that is to be taken as one piece. */
  get pieceBytes(): number {
    const { bytesPerS = Infinity } = this.#pace;
    return Math.max(1, Math.min(LARGEST_PIECE, Math.floor(bytesPerS / PIECES_PER_S)));
  }

  arrivalMs(nowMs: number, bytes: number): number {
    const { latencyMs = 0, jitterMs = 0, bytesPerS = Infinity } = this.#pace;
    this.#leftMs = Math.max(this.#leftMs, nowMs) + bytes / bytesPerS * 1_000;
    const arrivesMs = this.#leftMs + latencyMs + jitterMs * this.#random();
    this.#arrivesMs = Math.max(this.#arrivesMs, arrivesMs);
    return this.#arrivesMs;
  }
}
