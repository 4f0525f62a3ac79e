/**
 * The operator's page of one origin, as far as it runs by itself: what it hears, and its trend.
 *
 * Invariant: it costs what the beats cost, whether anybody looks or not.
 *
 * @module
 */

import type { Beat } from "shared/bus/requests.ts";
import type { Report } from "shared/report.ts";
import { VERSION } from "shared/version.ts";
import type { Every } from "../audit/every.ts";
import { Fleet, nameOf } from "./fleet.ts";
import { Trend } from "./trend.ts";
import { type Overview, overviewOf } from "./view.ts";

export interface OperatorDeps {
  /** What operators call this origin. */
  name: string;
  /** Unique to this start. */
  self: string;
  /** What this origin tells of itself, whether the bus carries it or not. */
  report(): Report | undefined;
  every: Every;
  /** Wall clock, ms since 1970. */
  wallMs(): number;
  /** Monotonic. */
  nowMs(): number;
}

const POINT_MS = 2_000;

export class Operator implements Disposable {
  readonly #deps: OperatorDeps;
  readonly #trend = new Trend();
  readonly #stop: () => void;
  readonly fleet: Fleet;

  constructor(deps: OperatorDeps) {
    this.#deps = deps;
    this.fleet = new Fleet(deps.nowMs);
    this.#stop = deps.every(() => this.#look(), POINT_MS);
  }

  heard(beat: Omit<Beat, "v">): void {
    this.fleet.heard(beat);
  }

  #look(): void {
    const { self, report } = this.#deps;
    const told = report();
    if (told) this.heard({ replica: self, report: told });
    this.#trend.take(this.fleet.list());
  }

  overview(): Overview {
    const { name, self, wallMs } = this.#deps;
    return overviewOf({
      self,
      name,
      version: VERSION,
      nowMs: wallMs(),
      replicas: this.fleet.list(),
      trend: this.#trend.points,
    });
  }

  /** Of a replica that is heard. */
  nameOf(id: string): string | undefined {
    const replica = this.fleet.list().find((one) => one.id === id && one.pulse === "heard");
    return replica && nameOf(replica);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
