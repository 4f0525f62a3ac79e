/**
 * All membership changes of a group after one of them, however many pages they fill.
 *
 * @module
 */

import type { Live } from "shared/bus/live.ts";
import type { Gsid } from "shared/gsid.ts";
import type { GroupId } from "shared/ids.ts";
import type { Origin } from "./origin.ts";

/** @throws {NoAnswer} */
export async function readChanges(
  origin: Pick<Origin, "changes">,
  group: GroupId,
  after: Gsid,
): Promise<Live[]> {
  const changes: Live[] = [];
  for (let from = after;;) {
    const page = await origin.changes({ group, after: from });
    changes.push(...page.events);
    const last = page.events.at(-1);
    if (!page.header.more || !last) return changes;
    from = last.gsid;
  }
}
