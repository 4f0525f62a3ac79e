/**
 * Catch-up: what was committed before a device came back follows in gsid order.
 *
 * Invariant: only what was surely committed before the connection was made is looked at; what came
 * after may be live. Pure.
 *
 * @module
 */

import { timeOfGsid } from "shared/gsid.ts";
import { timeOf } from "../entry.ts";
import { type Evidence, type Findings, nameOf } from "../evidence.ts";

/** From the begin of an attempt to its answer: what is older than that is in the catch-up. */
const CONNECTING_MS = 10_000;

export function checkCatchUps({ history }: Evidence, findings: Findings): void {
  for (const device of history.devices) {
    let highest = 0, surelyBeforeMs = -Infinity;
    let seen = new Set<number>();
    for (const entry of device.entries) {
      if (entry.kind === "connected") {
        highest = 0;
        surelyBeforeMs = entry.recovered ? timeOf(history, entry) - CONNECTING_MS : -Infinity;
        seen = new Set();
      } else if (entry.kind === "event") {
        const { gsid } = entry.content;
        if (timeOfGsid(gsid) >= surelyBeforeMs || seen.has(gsid)) continue;
        seen.add(gsid);
        if (gsid < highest) {
          findings.add("catch-up-out-of-order", `${nameOf(device)}: ${gsid} after ${highest}`);
        }
        highest = Math.max(highest, gsid);
      }
    }
  }
}
