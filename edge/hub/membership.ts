/**
 * Reading a membership event: the only event whose content an edge looks at.
 *
 * Invariant: a change that cannot be read changes nothing. Knows nothing of topics or targets.
 *
 * @module
 */

import type { Live } from "shared/bus/live.ts";
import { faultInId, type GroupId, type UserId } from "shared/ids.ts";

export interface Change {
  kind: "joined" | "left";
  group: GroupId;
  users: ReadonlySet<UserId>;
}

/** `undefined` for an event that changes no membership, or that is not understood. */
export function readChange(live: Live): Change | undefined {
  if (live.kind !== "membership") return;
  try {
    const { type, group, members } = JSON.parse(live.data) as Record<string, unknown>;
    if (faultInId(group) || !Array.isArray(members)) return;
    const users = new Set(members as UserId[]);
    if (type === "group.left") return { kind: "left", group: group as GroupId, users };
    if (type === "group.joined" || type === "group.created") {
      return { kind: "joined", group: group as GroupId, users };
    }
  } catch {
    // Written by a release that this edge does not understand: the catch-up knows better.
  }
}
