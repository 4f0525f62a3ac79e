/**
 * Handing decided publications to the bus: in GSID order, unconfirmed.
 *
 * Invariant: the message id is made of gsid and subject alone, so that the same publication, by
 * whichever origin, is one message to the stream.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { encodeLive, type Live } from "shared/bus/live.ts";
import { subjectOf } from "shared/topic.ts";
import type { Publication } from "./decide.ts";

export function publishAll(bus: Pick<Bus, "publish">, publications: readonly Publication[]): void {
  let last: Live | undefined, bytes: Uint8Array | undefined;
  for (const { topic, live } of publications) {
    // One event goes to several topics, mostly as the same bytes.
    if (live.data !== last?.data || live.membership !== last.membership) bytes = encodeLive(live);
    last = live;
    const subject = subjectOf(topic);
    bus.publish(subject, bytes!, { messageId: `${live.gsid}:${subject}` });
  }
}
