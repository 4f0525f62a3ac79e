/**
 * Cursors: whoever stores one has everything before it, and `recovered: true` is true.
 *
 * Invariant: every offset that ever came is a claim, for a device may stop and resume at any of
 * them. What is missing is told once for each device. The answer to a send is as good as its event,
 * and one that came too late for the SDK comes again: so what a connection has sent itself, and may
 * have been answered, is not missing on it. Pure.
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
  const own = new OwnSends();
  /** The connection, if it was told that it is recovered. */
  let resumed: Connected | undefined;
  for (const entry of device.entries) {
    if (entry.kind === "connected") resumed = entry.recovered ? entry : undefined;
    following.take(entry);
    own.take(entry);
    const offset = offsetOf(entry);
    if (offset === undefined) continue;
    for (const gsid of following.lacking(offset, entry.at)) {
      const { sender, id } = evidence.eventOf.get(gsid)!;
      if (sender === device.user && id !== undefined && own.onThisConnection.has(id)) {
        findings.count("own_by_answer_alone");
        continue;
      }
      const wasPromised = resumed && resumed.position.offset < gsid &&
        timeOfGsid(gsid) < timeOf(evidence.history, resumed);
      const name = wasPromised ? "recovered-lied" : "skipped-by-cursor";
      findings.add(name, `${nameOf(device)} has the cursor ${offset}, and not ${gsid}`);
    }
  }
}

/** What a device has sent itself. */
class OwnSends {
  /** Attempts that went out on it, for all that is known. */
  onThisConnection = new Set<string>();
  readonly #open = new Set<string>();

  take(entry: Entry): void {
    if (entry.kind === "send") {
      this.onThisConnection.add(entry.id);
      this.#open.add(entry.id);
    } else if (entry.kind === "ok" || entry.kind === "refused" || entry.kind === "unknown") {
      this.#open.delete(entry.id);
    } else if (entry.kind === "connected") this.onThisConnection = new Set(this.#open);
  }
}

type Connected = Entry & { kind: "connected" };

function offsetOf(entry: Entry): number | undefined {
  if (entry.kind === "event" || entry.kind === "cursor") return entry.offset;
  if (entry.kind === "connected") return entry.position.offset;
}
