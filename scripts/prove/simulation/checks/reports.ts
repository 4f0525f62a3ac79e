/**
 * What an edge reports as received must have been: a position is never invented.
 *
 * Invariant: only a device that got an event has received it. What an app reads in another way, when
 * it begins at the head, is nothing that an edge may know of. One's own is nobody's to report.
 *
 * @module
 */

import { decodeMessage, type Received } from "shared/bus/requests.ts";
import type { Device } from "../clients/device.ts";
import type { Chronicle } from "../model/chronicle.ts";
import { between } from "../model/postgres/tables.ts";
import type { Judge } from "./judge.ts";
import type { Truth } from "./truth.ts";

export interface ReportDeps {
  devices: readonly Device[];
  truth: Truth;
  judge: Judge;
  chronicle: Chronicle;
}

export function checkReport(data: Uint8Array, deps: ReportDeps): void {
  const { devices, truth, judge, chronicle } = deps;
  for (const [user, upto, after = 0] of decodeMessage<Received>(data).users) {
    chronicle.note("position reported", upto, () => `(${after}, ${upto}] of ${user}`);
    const own = devices.filter(({ traits }) => traits.user === user);
    if (own.length === 0) continue;
    const lacking = between(truth.due(user), after, upto).find(({ gsid, sender }) =>
      sender !== user && !own.some(({ app }) => app.hasGot(gsid))
    );
    if (!lacking) continue;
    judge.fail(
      `${user} was reported to have received everything up to ${upto}, and not ${lacking.gsid}`,
    );
  }
}
