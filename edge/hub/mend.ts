/**
 * Reading what some topics lack, and handing it out.
 *
 * Invariant: it resolves when every event that it asked for is in the queues of the connections.
 * What the hub had handed out before, the hub leaves out.
 *
 * @module
 */

import type { Live } from "shared/bus/live.ts";
import type { Gsid } from "shared/gsid.ts";
import type { TopicKey } from "shared/topic.ts";
import type { Origin } from "../upstream/origin.ts";

export interface MendDeps {
  origin: Pick<Origin, "mend">;
  hub: {
    mend(topic: TopicKey, live: Live): void;
    settled(): Promise<void>;
  };
}

interface Interval {
  after: Gsid;
  upto: Gsid;
}

/** Topics that one read asks for: one event of the largest kind on all of them fits a message. */
const TOPICS_PER_READ = 32;

/** @throws {NoAnswer} */
export async function mendTopics(
  deps: MendDeps,
  topics: readonly TopicKey[],
  interval: Interval,
): Promise<void> {
  for (let i = 0; i < topics.length; i += TOPICS_PER_READ) {
    await read(deps, topics.slice(i, i + TOPICS_PER_READ), interval);
  }
  await deps.hub.settled();
}

async function read(
  { origin, hub }: MendDeps,
  topics: TopicKey[],
  { after, upto }: Interval,
): Promise<void> {
  for (let from: Gsid | undefined = after; from !== undefined;) {
    const page: Awaited<ReturnType<Origin["mend"]>> = await origin.mend({
      topics,
      after: from,
      upto,
    });
    page.events.forEach((live, i) => {
      const topic = topics[page.header.topics[i]!];
      if (topic !== undefined) hub.mend(topic, live);
    });
    from = page.header.after;
  }
}
