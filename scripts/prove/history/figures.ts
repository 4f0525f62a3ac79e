/**
 * What a history says in numbers.
 *
 * @module
 */

import { timeOfGsid } from "shared/gsid.ts";
import { type Latency, latencyOf } from "../../bench/quantiles.ts";
import type { Figures } from "../part.ts";
import { type DeviceHistory, type History, timeOf } from "./entry.ts";
import { sendsOf } from "./evidence.ts";
import { delaysAfter, type Outage } from "./outage.ts";
import type { Truth } from "./truth.ts";

export function figuresOf(history: History, truth: Truth, outages: readonly Outage[]): Figures {
  const sends = sendsOf(history);
  const again = latencyOf(delaysAfter(outages, sends));
  const live = latencyOf(history.devices.flatMap((device) => liveDelays(device, history)));
  const back = latencyOf(history.devices.flatMap(timesToComeBack));
  const acked = sends.filter(({ answered }) => answered);
  return {
    devices: history.devices.length,
    sends: sends.length,
    acked: acked.length,
    refused: sends.filter(({ answered, refused }) => refused && !answered).length,
    repeated_sends: sends.filter(({ attempts }) => attempts > 1).length,
    events: truth.events.length,
    ...(again.n > 0 && { sends_in_outages: again.n, ...named("send_again", again) }),
    ...named("live", live),
    ...(back.n > 0 && named("back", back)),
  };
}

function named(name: string, { p50, p99, max }: Latency): Figures {
  return { [`${name}_p50_ms`]: p50, [`${name}_p99_ms`]: p99, [`${name}_max_ms`]: max };
}

/** From the commit to the app, of what was committed while the device was connected. */
function liveDelays(device: DeviceHistory, history: History): number[] {
  const seen = new Set<number>();
  let sinceMs = Infinity;
  return device.entries.flatMap((entry) => {
    if (entry.kind === "connected") sinceMs = timeOf(history, entry);
    if (entry.kind !== "event" || seen.has(entry.content.gsid)) return [];
    const { gsid } = entry.content;
    seen.add(gsid);
    const committedMs = timeOfGsid(gsid);
    return committedMs > sinceMs ? [Math.max(0, timeOf(history, entry) - committedMs)] : [];
  });
}

/** The SDK's own code: the app told it to connect, or to disconnect. */
const WANTED = 0;

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
