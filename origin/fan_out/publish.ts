/**
 * Handing decided publications to the bus: in GSID order, unconfirmed.
 *
 * Invariant: the message id is made of gsid, subject and whether it is a wake copy, so that the same
 * publication, by whichever origin, is one message to the stream, and two are never taken for one.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { encodeLive, type Live } from "shared/bus/live.ts";
import type { Gsid } from "shared/gsid.ts";
import { subjectOf } from "shared/topic.ts";
import type { Traceparent } from "shared/tracing/traceparent.ts";
import type { Publication } from "./decide.ts";

/** `traceOf` gives what travels with a publication of an event that is traced. */
export function publishAll(
  bus: Pick<Bus, "publish">,
  publications: readonly Publication[],
  traceOf: (gsid: Gsid) => Traceparent | undefined = () => undefined,
): void {
  let last: Live | undefined, bytes: Uint8Array | undefined;
  for (const { topic, live } of publications) {
    // One event goes to several topics, mostly as the same bytes.
    if (!last || !isSame(live, last)) bytes = encodeLive(live);
    last = live;
    const subject = subjectOf(topic);
    const messageId = `${live.gsid}:${live.kind === "wake" ? "wake:" : ""}${subject}`;
    bus.publish(subject, bytes!, { messageId, traceparent: traceOf(live.gsid) });
  }
}

function isSame(one: Live, other: Live): boolean {
  return one.data === other.data && one.membership === other.membership &&
    one.kind === other.kind && one.large === other.large;
}
