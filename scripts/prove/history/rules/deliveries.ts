/**
 * Deliveries: at the end each connected device has everything that reached its user.
 *
 * Invariant: an event that comes twice is no anomaly, for clients drop a gsid that they have seen:
 * it is counted. Pure.
 *
 * @module
 */

import type { DeviceHistory } from "../entry.ts";
import { type Evidence, type Findings, nameOf } from "../evidence.ts";
import { lackingAtEnd } from "../following.ts";

export function checkDeliveries({ history, reach, expect }: Evidence, findings: Findings): void {
  for (const device of history.devices) {
    countRepeats(device, findings);
    if (!expect.live.has(device)) continue;
    for (const gsid of lackingAtEnd(device, reach)) {
      findings.add("undelivered", `${nameOf(device)} has not got ${gsid}`);
    }
  }
}

function countRepeats({ entries }: DeviceHistory, findings: Findings): void {
  const seen = new Set<number>();
  let events = 0;
  for (const entry of entries) {
    if (entry.kind === "started" && !entry.since) seen.clear();
    if (entry.kind !== "event") continue;
    events++;
    if (seen.has(entry.content.gsid)) findings.count("repeats");
    seen.add(entry.content.gsid);
  }
  findings.count("deliveries", events);
}
