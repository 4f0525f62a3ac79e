/**
 * The edge's sign of life: origins that stop hearing it leave this replica out of their lookups.
 *
 * Invariant: a beat says only that this process runs and reaches the bus. Knows nothing of users.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, type Beat, encodeMessage } from "shared/bus/requests.ts";
import { encodeToken } from "shared/topic.ts";
import type { Turns } from "shared/turns.ts";

export const BEAT_MS = 2000;

/** Beats until the returned function is called. */
export function startBeats(
  { bus, replica, turns }: { bus: Pick<Bus, "publish">; replica: string; turns: Turns },
): () => void {
  let cancel = () => {};
  const beat = () => {
    bus.publish(`${ANNOUNCE.beat}.${encodeToken(replica)}`, encodeMessage<Beat>({ replica }));
    cancel = turns.later(beat, BEAT_MS);
  };
  beat();
  return () => cancel();
}
