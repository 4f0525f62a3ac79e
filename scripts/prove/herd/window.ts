/**
 * What a stretch of a rush says in numbers. Pure.
 *
 * @module
 */

import { latencyOf } from "../../bench/quantiles.ts";
import { quantilesOf } from "../history/figures.ts";
import type { Figures } from "../part.ts";
import type { CrowdState, CrowdTotals, SteadySample } from "./orders.ts";

export interface Window {
  fromMs: number;
  toMs: number;
}

/** The longest in which a rate of reconnects is counted. */
const RATE_MS = 1_000;

/** How the crowd came back, each figure under this name. */
export function crowdFigures(name: string, lines: readonly CrowdState[], window: Window): Figures {
  const before = lines.findLast(({ atMs }) => atMs <= window.fromMs);
  const within = lines.filter(({ atMs }) => atMs > window.fromMs && atMs <= window.toMs);
  const last = within.at(-1);
  if (!before || !last) return {};
  const grown = (total: keyof CrowdTotals) => last.totals[total] - before.totals[total];
  return {
    [`${name}_back_max_ms`]: Math.round(window.toMs - window.fromMs),
    [`${name}_down_max`]: Math.max(...within.map(({ connected }) => before.connected - connected)),
    [`${name}_reconnects`]: grown("connects"),
    [`${name}_reconnects_per_s_max`]: steepest([before, ...within]),
    [`${name}_upgrades_refused`]: grown("upgradesRefused"),
    [`${name}_connects_refused`]: grown("connectsRefused"),
    [`${name}_connects_timed_out`]: grown("timedOut"),
    [`${name}_not_recovered`]: grown("notRecovered"),
    [`${name}_gave_up`]: grown("final"),
  };
}

/** How long the answers took of those whom the rush was not to hurt. */
export function steadyFigures(
  name: string,
  samples: readonly SteadySample[],
  window: Window,
): Figures {
  const within = samples.filter(({ atMs }) => atMs > window.fromMs && atMs <= window.toMs);
  const latency = latencyOf(within.flatMap(({ ackMs }) => ackMs ?? []));
  return {
    ...quantilesOf(`${name}_send`, latency),
    [`${name}_sends_refused`]: within.filter(({ error }) => error !== undefined).length,
  };
}

/** The most reconnects in any second. */
function steepest(lines: readonly CrowdState[]): number {
  let most = 0, from = 0;
  for (const { atMs, totals } of lines) {
    while (lines[from]!.atMs < atMs - RATE_MS) from++;
    most = Math.max(most, totals.connects - lines[from]!.totals.connects);
  }
  return most;
}
