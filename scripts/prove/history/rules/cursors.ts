/**
 * Cursors: whoever stores one has everything before it, and `recovered: true` is true.
 *
 * Invariant: every offset that ever came is a claim, for a device may stop and resume at any of
 * them. What is missing is told once for each device. Pure.
 *
 * @module
 */

import { timeOfGsid } from "shared/gsid.ts";
import type { DeviceHistory, Entry } from "../entry.ts";
import { timeOf } from "../entry.ts";
import { type Evidence, type Findings, nameOf } from "../evidence.ts";
import { Following } from "../following.ts";

export function checkCursors(evidence: Evidence, findings: Findings): void {
  for (const device of evidence.history.devices) checkDevice(device, evidence, findings);
}

function checkDevice(device: DeviceHistory, evidence: Evidence, findings: Findings): void {
  const following = new Following(device, evidence.reach);
  /** The connection, if it was told that it is recovered. */
  let resumed: Connected | undefined;
  for (const entry of device.entries) {
    if (entry.kind === "connected") resumed = entry.recovered ? entry : undefined;
    following.take(entry);
    const offset = offsetOf(entry);
    if (offset === undefined) continue;
    for (const gsid of following.lacking(offset, entry.at)) {
      const wasPromised = resumed && resumed.position.offset < gsid &&
        timeOfGsid(gsid) < timeOf(evidence.history, resumed);
      const name = wasPromised ? "recovered-lied" : "skipped-by-cursor";
      findings.add(name, `${nameOf(device)} has the cursor ${offset}, and not ${gsid}`);
    }
  }
}

type Connected = Entry & { kind: "connected" };

function offsetOf(entry: Entry): number | undefined {
  if (entry.kind === "event" || entry.kind === "cursor") return entry.offset;
  if (entry.kind === "connected") return entry.position.offset;
}
