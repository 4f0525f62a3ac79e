/**
 * Positions: offset and epoch belong together, and a device resumes where it asked to.
 *
 * @module
 */

import { type Evidence, type Findings, nameOf } from "../evidence.ts";

export function checkPositions({ history, truth }: Evidence, findings: Findings): void {
  const head = truth.events.at(-1)?.gsid ?? 0;
  for (const device of history.devices) {
    for (const entry of device.entries) {
      if (entry.kind !== "connected") continue;
      const { position, cursor, recovered } = entry;
      const told = `${nameOf(device)} was told ${position.offset} of ${position.epoch}`;
      if (position.epoch !== truth.epoch) {
        findings.add("cursor-and-epoch-apart", `${told}, and the epoch is ${truth.epoch}`);
      }
      if (!recovered) findings.count(cursor ? "reloads" : "first_connects");
      else if (!cursor) findings.add("recovered-lied", `${told}, and had asked for nothing`);
      else {
        findings.count("resumes");
        const asked = `and had asked for ${cursor.offset} of ${cursor.epoch}`;
        if (cursor.epoch !== position.epoch || cursor.offset !== position.offset) {
          findings.add("cursor-and-epoch-apart", `${told}, ${asked}`);
        }
        if (cursor.offset > head) {
          findings.add("recovered-lied", `${told}, ${asked}, beyond the head ${head}`);
        }
      }
    }
  }
}
