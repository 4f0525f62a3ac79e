/**
 * A lookup that knows all there is to know: who is looking at a device, in the test's words.
 *
 * @module
 */

import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import type { Presence } from "../../presence/interpret.ts";
import type { PresenceLookup } from "../../presence/lookup.ts";

/** These users are online, in the foreground; all others are offline. `asked` notes all lookups. */
export function onlyLooking(...users: string[]): PresenceLookup & { asked: UserId[][] } {
  const device = { device: "d" as DeviceId, connection: "c" as ConnectionId, foreground: true };
  const asked: UserId[][] = [];
  return {
    asked,
    lookup(some) {
      if (some.length > 0) asked.push([...some]);
      const of = (user: UserId): Presence =>
        users.includes(user)
          ? { state: "online", devices: [device], partial: false }
          : { state: "offline", devices: [], partial: false };
      return Promise.resolve(new Map(some.map((user) => [user, of(user)])));
    },
  };
}
