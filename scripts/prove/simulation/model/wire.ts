/**
 * One direction of a connection: what is sent arrives later, in order, or not at all.
 *
 * Invariant: first in, first out, as long as it is open; what was sent while it lost everything
 * never arrives; what it held back arrives in order once it lets go.
 *
 * @module
 */

import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export interface LatencyMs {
  least: number;
  most: number;
}

export class Wire {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #latency: LatencyMs;
  #state: "open" | "losing" | "holding" = "open";
  #held: (() => void)[] = [];
  #lastArrivalMs = 0;
  /** What was under way when the connection broke never arrives. */
  #generation = 0;

  constructor(timeline: Timeline, random: Random, latency: LatencyMs) {
    this.#timeline = timeline;
    this.#random = random;
    this.#latency = latency;
  }

  send(arrive: () => void): void {
    if (this.#state === "losing") return;
    if (this.#state === "holding") return void this.#held.push(arrive);
    const { least, most } = this.#latency;
    const nowMs = this.#timeline.nowMs;
    const arrivalMs = Math.max(
      this.#lastArrivalMs,
      nowMs + (most > least ? this.#random.between(least, most) : least),
    );
    this.#lastArrivalMs = arrivalMs;
    const generation = this.#generation;
    this.#timeline.after(arrivalMs - nowMs, () => {
      if (generation === this.#generation) arrive();
    });
  }

  /** Loses what is under way. */
  break(): void {
    this.#generation++;
    this.#held = [];
    this.#lastArrivalMs = 0;
  }

  lose(): void {
    this.#state = "losing";
  }

  hold(): void {
    this.#state = "holding";
  }

  open(): void {
    if (this.#state === "open") return;
    this.#state = "open";
    const held = this.#held;
    this.#held = [];
    for (const arrive of held) this.send(arrive);
  }
}
