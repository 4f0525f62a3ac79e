/**
 * How long things took while a fault lasted.
 *
 * @module
 */

import { timeOfGsid } from "shared/gsid.ts";
import { type Latency, latencyOf } from "../../bench/quantiles.ts";
import { type History, timeOf, WANTED } from "./entry.ts";
import { sendsOf } from "./evidence.ts";

/** From when until when; on the clock of the history. */
export interface Span {
  from: number;
  to: number;
}

/** From each send that was begun within the span to its answer, however many attempts it took. */
export function answersWithin(history: History, { from, to }: Span): Latency {
  return latencyOf(
    sendsOf(history).flatMap(({ invokedAt, answered }) =>
      answered && from <= invokedAt && invokedAt < to ? [answered.at - invokedAt] : []
    ),
  );
}

/** From each commit within the span to every device that was connected then, and got it so. */
export function deliveriesWithin(history: History, { from, to }: Span): Latency {
  const delays: number[] = [];
  for (const { entries } of history.devices) {
    let sinceMs = Infinity;
    for (const entry of entries) {
      if (entry.kind === "connected") sinceMs = timeOf(history, entry);
      if (entry.kind !== "event") continue;
      const committedMs = timeOfGsid(entry.content.gsid);
      const at = committedMs - history.originMs;
      if (at < from || to <= at) continue;
      if (committedMs > sinceMs) delays.push(Math.max(0, timeOf(history, entry) - committedMs));
    }
  }
  return latencyOf(delays);
}

/** Attempts to send that were refused for the moment within the span. */
export function refusalsWithin({ devices }: History, { from, to }: Span): number {
  return devices.flatMap(({ entries }) => entries).filter((entry) =>
    entry.kind === "refused" && entry.temporary && from <= entry.at && entry.at < to
  ).length;
}

/** Connections that were lost within the span, though their app wanted to be there. */
export function lossesWithin({ devices }: History, { from, to }: Span): number {
  let losses = 0;
  for (const { entries } of devices) {
    let isConnected = false;
    for (const entry of entries) {
      if (entry.kind === "connected") isConnected = true;
      else if (entry.kind === "started") isConnected = false;
      else if (entry.kind === "closed") {
        const isLoss = isConnected && entry.code !== WANTED;
        if (isLoss && from <= entry.at && entry.at < to) losses++;
        isConnected = false;
      }
    }
  }
  return losses;
}
