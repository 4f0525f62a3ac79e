/**
 * Handing decided publications to the bus: in GSID order, unconfirmed.
 *
 * Invariant: the message id is made of gsid and subject alone, so that the same publication, by
 * whichever origin, is one message to the stream.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { encodeLive } from "shared/bus/live.ts";
import { subjectOf } from "shared/topic.ts";
import type { Publication } from "./decide.ts";

export function publishAll(bus: Pick<Bus, "publish">, publications: readonly Publication[]): void {
  for (const { topic, live } of publications) {
    const subject = subjectOf(topic);
    bus.publish(subject, encodeLive(live), { messageId: `${live.gsid}:${subject}` });
  }
}
