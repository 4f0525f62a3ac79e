/**
 * For tests of the checker: entries of a history, found, taken away and made up.
 *
 * @module
 */

import type { DeviceHistory, Entry } from "../entry.ts";
import type { Scene } from "./scene.ts";

export type Kind<Name extends Entry["kind"]> = Extract<Entry, { kind: Name }>;

/** The last entry of a kind. */
export function last<Name extends Entry["kind"]>(device: DeviceHistory, kind: Name): Kind<Name> {
  return device.entries.findLast((entry): entry is Kind<Name> => entry.kind === kind)!;
}

export function drop(device: DeviceHistory, entry: Entry): void {
  device.entries.splice(device.entries.indexOf(entry), 1);
}

/** A send to the group that comes to nothing. */
export function refuse(scene: Scene, device: DeviceHistory, code: number): void {
  const sent = { id: "refused", attempt: 1 };
  scene.note(device, { kind: "send", ...sent, conversation: "group:g", digest: "" });
  scene.note(device, { kind: "refused", ...sent, code, temporary: false });
}
