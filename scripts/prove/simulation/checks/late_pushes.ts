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
import { between, type EventRow, jobKey, type Tables } from "../model/postgres/tables.ts";
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
  if (user === sender || tables.jobs.has(jobKey(gsid, user)) || !tables.canBePushed(user)) return;
  const shown = devices.some((device) => device.traits.user === user && device.hasShown(gsid));
  if (!shown) {
    judge.fail(`${user} was neither shown nor pushed ${gsid}, and the late check is past`);
  }
}
