/**
 * When each user first had an event on a device in the foreground, and until when what was
 * acknowledged.
 *
 * @module
 */

import type { DeviceHistory, History } from "./entry.ts";
import { timeOf } from "./entry.ts";

export interface Receipt {
  /** Milliseconds since 1970. */
  receivedMs: number;
  /** When the app said that it had processed it. */
  ackedMs: number;
}

/** By gsid. `users`: those that are asked about. */
export function receiptsOf(
  history: History,
  users: ReadonlySet<string>,
): Map<string, Map<number, Receipt>> {
  const receipts = new Map([...users].map((user) => [user, new Map<number, Receipt>()]));
  for (const device of history.devices) {
    const own = receipts.get(device.user);
    if (own) readDevice(device, history, own);
  }
  return receipts;
}

function readDevice(
  device: DeviceHistory,
  history: History,
  receipts: Map<number, Receipt>,
): void {
  let foreground = true;
  /** Since the last ack, on this connection. */
  let open: number[] = [];
  for (const entry of device.entries) {
    if (entry.kind === "foreground") foreground = entry.foreground;
    else if (entry.kind === "connected") open = [];
    else if (!foreground) continue;
    else if (entry.kind === "event") {
      const { gsid } = entry.content;
      const known = receipts.get(gsid) ?? { receivedMs: Infinity, ackedMs: Infinity };
      known.receivedMs = Math.min(known.receivedMs, timeOf(history, entry));
      receipts.set(gsid, known);
      open.push(gsid);
    } else if (entry.kind === "ack") {
      const upto = open.indexOf(entry.gsid) + 1;
      for (const gsid of open.splice(0, upto)) {
        const known = receipts.get(gsid)!;
        known.ackedMs = Math.min(known.ackedMs, timeOf(history, entry));
      }
    }
  }
}
