/**
 * Which events reached a live connection only because they were mended.
 *
 * @module
 */

import type { Hub } from "edge/hub/hub.ts";
import type { Receiver } from "edge/hub/topics.ts";
import type { Chronicle } from "../model/chronicle.ts";

/** What it notes, each time. */
export const MENDED = "mended for a live connection";

export function watchMends(hub: Hub, chronicle: Chronicle): void {
  let mending = false;
  const { mend, audience } = hub;
  const { enterInbox } = audience;
  hub.mend = (topic, live, source) => {
    mending = source !== "live";
    mend.call(hub, topic, live, source);
    mending = false;
  };
  audience.enterInbox = (receiver: Receiver & { live?: boolean }) => {
    const { receive } = receiver;
    receiver.receive = (publication) => {
      // One that is in its catch-up reads it, perhaps, and has it then already.
      if (mending && receiver.live) {
        chronicle.note(MENDED, publication.gsid, () => `${publication.gsid} on ${receiver.id}`);
      }
      receive.call(receiver, publication);
    };
    enterInbox.call(audience, receiver);
  };
}
