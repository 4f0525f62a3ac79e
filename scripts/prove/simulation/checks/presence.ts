/**
 * An old connection never takes a newer one's presence away: whatever an edge writes of a user names
 * every connection of that user that it has.
 *
 * @module
 */

import { decodeDevices, userField } from "shared/presence.ts";
import type { PresenceCommand } from "edge/presence/store.ts";
import type { Device } from "../clients/device.ts";
import type { Process } from "../model/process.ts";
import type { Judge } from "./judge.ts";

/** `edge` is about to send these. */
export function checkPresence(
  commands: readonly PresenceCommand[],
  edge: Process,
  devices: readonly Device[],
  judge: Judge,
): void {
  for (const [field, named] of written(commands)) {
    for (const { traits, sessions } of devices) {
      if (userField(traits.user) !== field) continue;
      for (const { id, pipe } of sessions) {
        if (id === undefined || !pipe.open || !pipe.belongsTo(edge) || named.has(id)) continue;
        judge.fail(`presence of ${traits.user} was written without connection ${id}`);
      }
    }
  }
}

/** The fields, and the connections that are named in each. */
function written(commands: readonly PresenceCommand[]): Map<string, Set<string>> {
  const fields = new Map<string, Set<string>>();
  for (const command of commands) {
    if (command[0] === "HDEL") {
      for (const field of command.slice(2)) fields.set(String(field), new Set());
    }
    if (command[0] !== "HSET") continue;
    for (const [field, value] of Object.entries(command[2])) {
      if (!field.startsWith("u:")) continue;
      fields.set(field, new Set(decodeDevices(value).map(({ connection }) => connection)));
    }
  }
  return fields;
}
