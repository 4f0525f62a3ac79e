/**
 * Hearing from origins that the store has lost this edge's presence.
 *
 * Invariant: nothing they say is believed; it only makes the edge look sooner.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, decodeMessage, type PresenceLost } from "shared/bus/requests.ts";

/** Until the returned function is called. */
export function hearDoubts(
  { bus, replica, lease }: {
    bus: Pick<Bus, "subscribe">;
    replica: string;
    lease: { verify(): void };
  },
): () => void {
  const subscription = bus.subscribe(ANNOUNCE.presenceLost, ({ data }) => {
    if (decodeMessage<PresenceLost>(data).replica === replica) lease.verify();
  });
  return () => subscription.unsubscribe();
}
