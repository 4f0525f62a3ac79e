/**
 * What an edge reports as received must have been: a position is never invented.
 *
 * @module
 */

import { decodeMessage, type Received } from "shared/bus/requests.ts";
import type { Device } from "../clients/device.ts";
import type { Chronicle } from "../model/chronicle.ts";
import type { Judge } from "./judge.ts";

export function checkReport(
  data: Uint8Array,
  devices: readonly Device[],
  judge: Judge,
  chronicle: Chronicle,
): void {
  const { users } = decodeMessage<Received>(data);
  for (const [user, upto] of users) {
    chronicle.note("position reported", upto, () => `${upto} of ${user}`);
    if (!devices.some(({ traits }) => traits.user === user)) continue;
    const received = devices.some(({ traits, app }) =>
      traits.user === user && app.hasEverything(upto)
    );
    if (!received) judge.fail(`${user} was reported to have received everything up to ${upto}`);
  }
}
