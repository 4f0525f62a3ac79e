/**
 * What a history says in numbers.
 *
 * @module
 */

import { type Latency, latencyOf } from "../../bench/quantiles.ts";
import type { Figures } from "../part.ts";
import { type DeviceHistory, type History, WANTED } from "./entry.ts";
import { sendsOf } from "./evidence.ts";
import { deliveriesWithin } from "./latency.ts";
import { delaysAfter, type Outage, type Redundant } from "./outage.ts";
import type { Truth } from "./truth.ts";

const ALWAYS = { from: -Infinity, to: Infinity };

export interface Broken {
  outages: readonly Outage[];
  system: Redundant;
}

export function figuresOf(history: History, truth: Truth, { outages, system }: Broken): Figures {
  const sends = sendsOf(history);
  const again = latencyOf(delaysAfter(outages, sends, system));
  const live = deliveriesWithin(history, ALWAYS);
  const back = latencyOf(history.devices.flatMap(timesToComeBack));
  const acked = sends.filter(({ answered }) => answered);
  return {
    devices: history.devices.length,
    sends: sends.length,
    acked: acked.length,
    refused: sends.filter(({ answered, refused }) => refused && !answered).length,
    repeated_sends: sends.filter(({ attempts }) => attempts > 1).length,
    events: truth.events.length,
    ...(again.n > 0 && { sends_in_outages: again.n }),
    ...quantilesOf("send_again", again),
    ...quantilesOf("live", live),
    ...quantilesOf("back", back),
  };
}

/** Of nothing there are none, which is no latency of 0. */
export function quantilesOf(name: string, { n, p50, p99, max }: Latency): Figures {
  if (n === 0) return {};
  return { [`${name}_p50_ms`]: p50, [`${name}_p99_ms`]: p99, [`${name}_max_ms`]: max };
}

/** From a loss that the app did not ask for to the next answered connect. */
function timesToComeBack({ entries }: DeviceHistory): number[] {
  const times: number[] = [];
  let lostAt: number | undefined;
  for (const entry of entries) {
    if (entry.kind === "closed" && entry.code !== WANTED) lostAt ??= entry.at;
    else if (entry.kind === "closed" || entry.kind === "started") lostAt = undefined;
    else if (entry.kind === "connected") {
      if (lostAt !== undefined) times.push(entry.at - lostAt);
      lostAt = undefined;
    }
  }
  return times;
}
