/**
 * Promptness: what is committed while a device is connected reaches it in time, by the fast path or
 * by what mends it.
 *
 * Invariant: a connection that ends before the time is over owes nothing, since the resume has it.
 * Only runs that break nothing which may hold events up can say a time. Pure.
 *
 * @module
 */

import { timeOfGsid } from "shared/gsid.ts";
import { type DeviceHistory, type History, timeOf } from "../entry.ts";
import { type Evidence, type Findings, nameOf } from "../evidence.ts";

export function checkPromptness(evidence: Evidence, findings: Findings): void {
  const { liveWithinMs } = evidence.expect;
  if (liveWithinMs === undefined) return;
  const { history } = evidence;
  const endMs = Math.max(...history.devices.map((device) => lastMs(device, history)));
  for (const device of history.devices) {
    const arrivals = arrivalsAt(device, history);
    const connections = connectionsOf(device, history, endMs);
    let next = 0;
    for (const gsid of evidence.reach.gsidsOf(device.user)) {
      const committedMs = timeOfGsid(gsid);
      const dueMs = committedMs + liveWithinMs;
      while (next < connections.length && connections[next]!.toMs <= dueMs) next++;
      if ((connections[next]?.fromMs ?? Infinity) >= committedMs) continue;
      const arrivedMs = arrivals.get(gsid) ?? Infinity;
      if (arrivedMs <= dueMs) continue;
      findings.add("late", `${nameOf(device)} got ${gsid} after ${arrivedMs - committedMs} ms`);
    }
  }
}

interface Connection {
  fromMs: number;
  /** The end of the history for one that stands. */
  toMs: number;
}

function connectionsOf(
  { entries }: DeviceHistory,
  history: History,
  endMs: number,
): Connection[] {
  const connections: Connection[] = [];
  let open: Connection | undefined;
  for (const entry of entries) {
    const atMs = timeOf(history, entry);
    const isEnd = entry.kind === "closed" || entry.kind === "started";
    if (open && (isEnd || entry.kind === "connected")) open.toMs = atMs;
    if (entry.kind === "connected") connections.push(open = { fromMs: atMs, toMs: endMs });
    else if (isEnd) open = undefined;
  }
  return connections;
}

function lastMs({ entries }: DeviceHistory, history: History): number {
  const last = entries.at(-1);
  return last ? timeOf(history, last) : -Infinity;
}

/** When each event first came, as such or as the answer to its own send. */
function arrivalsAt({ entries }: DeviceHistory, history: History): Map<number, number> {
  const arrivals = new Map<number, number>();
  for (const entry of entries) {
    const gsid = entry.kind === "event" ? entry.content.gsid : entry.kind === "ok" && entry.gsid;
    if (gsid && !arrivals.has(gsid)) arrivals.set(gsid, timeOf(history, entry));
  }
  return arrivals;
}
