/**
 * Closes: no device of a load whose apps behave is told never to come back.
 *
 * @module
 */

import { CLOSES } from "shared/wire/codes.ts";
import { type Evidence, type Findings, nameOf } from "../evidence.ts";

/** From here on the SDK does not connect again by itself. */
const FOR_GOOD = 3_500;
/** Its own newer connection took its place; the app connects again when that was given up. */
const TAKEN = CLOSES.forceDisconnect.code;

export function checkCloses({ history }: Evidence, findings: Findings): void {
  for (const device of history.devices) {
    for (const entry of device.entries) {
      if (entry.kind !== "closed" || entry.code < FOR_GOOD || entry.code === TAKEN) continue;
      findings.add("turned-away", `${nameOf(device)} was closed with ${entry.code}`);
    }
  }
}
