/**
 * The figures of the whole system over the last minutes.
 *
 * Invariant: one point each time it is told, and `MAX_POINTS` at most. Decides only. Pure.
 *
 * @module
 */

import type { Replica } from "./fleet.ts";
import { DELIVERY, figureOf, quantileOf, rateOf, spreadOf, sumOf } from "./measure.ts";

export interface TrendPoint {
  connections: number;
  events: number;
  frames: number;
  deliveryP99: number;
}

/** Five minutes of one every two seconds. */
export const MAX_POINTS = 150;

export class Trend {
  readonly #points: TrendPoint[] = [];

  get points(): readonly TrendPoint[] {
    return this.#points;
  }

  take(all: readonly Replica[]): void {
    const replicas = all.filter(({ pulse }) => pulse === "heard");
    this.#points.push({
      connections: sumOf(replicas.map((one) => figureOf(one, "fanfare_edge_connections"))),
      events: sumOf(replicas.map((one) => rateOf(one, "fanfare_origin_events_total"))),
      frames: sumOf(replicas.map((one) => rateOf(one, "fanfare_edge_frames_total"))),
      deliveryP99: quantileOf(spreadOf(replicas, DELIVERY), 0.99),
    });
    if (this.#points.length > MAX_POINTS) this.#points.shift();
  }
}
