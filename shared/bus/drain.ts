/**
 * Hearing over the bus that an operator wants a replica to drain.
 *
 * Invariant: only origins may say so, by the permissions of the bus; they ask for the admin key.
 * Nobody answers: a replica that drains says so in its beats.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, decodeMessage, type Drain } from "shared/bus/requests.ts";

export interface HearDrainOptions {
  bus: Pick<Bus, "subscribe">;
  replica: string;
  /** Begins to drain, and returns at once. */
  drain(): void;
}

/** Until the returned function is called. */
export function hearDrain({ bus, replica, drain }: HearDrainOptions): () => void {
  const subscription = bus.subscribe(ANNOUNCE.drain, ({ data }) => {
    if (decodeMessage<Drain>(data).replica === replica) drain();
  });
  return () => subscription.unsubscribe();
}
