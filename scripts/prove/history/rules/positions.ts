/**
 * Positions: offset and epoch belong together, a device resumes where it asked to, and is told to
 * reload only when it was too far behind.
 *
 * @module
 */

import type { Cursor } from "../entry.ts";
import { type Evidence, type Findings, nameOf } from "../evidence.ts";
import { firstAbove } from "../reach.ts";

/** Up to so many events behind, a resume is whole: README.md and PROTOCOL.md promise it. */
const RESUMED_EVENTS = 5_000;

export function checkPositions({ history, truth, reach }: Evidence, findings: Findings): void {
  for (const device of history.devices) {
    for (const entry of device.entries) {
      if (entry.kind !== "connected") continue;
      const { position, cursor, recovered } = entry;
      const told = `${nameOf(device)} was told ${position.offset} of ${position.epoch}`;
      if (position.epoch !== truth.epoch) {
        findings.add("cursor-and-epoch-apart", `${told}, and the epoch is ${truth.epoch}`);
      }
      if (!recovered) {
        findings.count(cursor ? "reloads" : "first_connects");
        if (cursor?.epoch !== truth.epoch || cursor.offset > position.offset) continue;
        const behind = between(reach.gsidsOf(device.user), cursor, position);
        if (behind > RESUMED_EVENTS) continue;
        const words = `${told}, and not what it had missed: ${behind} events`;
        findings.add("reloaded-needlessly", words);
      } else if (!cursor) findings.add("recovered-lied", `${told}, and had asked for nothing`);
      else {
        findings.count("resumes");
        const asked = `and had asked for ${cursor.offset} of ${cursor.epoch}`;
        if (cursor.epoch !== position.epoch || cursor.offset !== position.offset) {
          findings.add("cursor-and-epoch-apart", `${told}, ${asked}`);
        }
        if (cursor.offset > truth.head) {
          findings.add("recovered-lied", `${told}, ${asked}, beyond the head ${truth.head}`);
        }
      }
    }
  }
}

function between(gsids: readonly number[], after: Cursor, upto: Cursor): number {
  return firstAbove(gsids, upto.offset) - firstAbove(gsids, after.offset);
}
