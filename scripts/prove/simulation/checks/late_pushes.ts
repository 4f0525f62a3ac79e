/**
 * Who must be pushed: a recipient who has not been shown a message when the late check passes it.
 *
 * Invariant: what counts is what devices had in front of their users, not what anybody believed of
 * them. Knows nothing of presence or of reports.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { Device } from "../clients/device.ts";
import { between, type EventRow, type Tables } from "../model/postgres/tables.ts";
import type { Judge } from "./judge.ts";
import type { Truth } from "./truth.ts";

export interface LatePushesDeps {
  tables: Tables;
  truth: Truth;
  judge: Judge;
  devices: readonly Device[];
}

/** The late check's mark has moved over `(after, upto]`. */
export function checkLatePushes(after: Gsid, upto: Gsid, deps: LatePushesDeps): void {
  for (const event of between(deps.tables.events, after, upto)) {
    if (event.type !== "message" || deps.tables.pages.has(event.gsid)) continue;
    for (const user of deps.truth.of(event.gsid)!.readers) checkRecipient(event, user, deps);
  }
}

function checkRecipient(
  { gsid, sender }: EventRow,
  user: UserId,
  { tables, judge, devices }: LatePushesDeps,
): void {
  if (user === sender || tables.isAttended(gsid, user) || !tables.canBePushed(user)) return;
  if (!isShown(gsid, user, devices)) {
    judge.fail(`${user} was neither shown nor pushed ${gsid}, and the late check is past`);
  }
}

/** A job was dropped: its user is said to have received the message. */
export function checkSpared(
  { gsid, user }: { gsid: Gsid; user: UserId },
  { judge, devices, truth }: LatePushesDeps,
): void {
  if (!truth.stands(gsid) || isShown(gsid, user, devices)) return;
  judge.fail(`${user} was spared a push of ${gsid}, which it was not shown`);
}

function isShown(gsid: Gsid, user: UserId, devices: readonly Device[]): boolean {
  return devices.some((device) => device.traits.user === user && device.hasShown(gsid));
}
