/**
 * How much an origin does at the same time, kind by kind, and of how much each edge may have of it.
 *
 * Invariant: a storm of one kind takes the places of no other: clients that come back all at once
 * keep nobody from sending, and an edge that asks for all it can delays another's request by one.
 * What cannot begin in time is refused, for whoever asked has given it up by then.
 *
 * @module
 */

import { Admission } from "shared/admission.ts";
import type { Turns } from "shared/turns.ts";

/**
 * `sends`: messages on their way into the log. `calls`: what else clients call. `entering`: the
 * reads of connects and resumes. `healing`: those of edges that missed something. `revocations`: of
 * tokens, by the server API.
 */
export type Lane = "sends" | "calls" | "entering" | "healing" | "revocations";

export type Lanes = Readonly<Record<Lane, Admission<string>>>;

/**
 * How long a request waits for its turn. An edge waits 4 s for an answer: half for the turn, half for
 * what is asked. What heals a loss it asks of another origin after 1 s.
 */
export const PATIENCE_MS: Readonly<Record<Lane, number>> = {
  sends: 0,
  calls: 2_000,
  entering: 2_000,
  healing: 500,
  revocations: 2_000,
};
/** Sixteen transactions of the largest size, for the committer has a queue with deadlines itself. */
const MAX_SENDS = 8_192;
/** About what is done of them in the time that they are patient for. */
export const MAX_WAITING = 1_024;

/**
 * `connections` are those to the database for reading. Each place of a lane needs one at most, and
 * what is left over is for the reads of fan-out, which no client waits for and nothing may delay.
 */
export function createLanes(
  connections: number,
  turns: Pick<Turns, "nowMs" | "later">,
): Lanes {
  const lane = (places: number) =>
    new Admission<string>({
      places: Math.max(1, places),
      maxWaiting: MAX_WAITING,
      maxWaitingPerKey: MAX_WAITING / 2,
      turns,
    });
  const healing = Math.floor(connections / 6);
  const each = Math.floor((connections - 2 * healing) / 2);
  return {
    // They hold no connection to read by: it is their number that is bounded.
    sends: new Admission({
      places: MAX_SENDS,
      placesPerKey: MAX_SENDS / 2,
      maxWaiting: 0,
      turns,
    }),
    calls: lane(each),
    entering: lane(each),
    healing: lane(healing),
    // Beside the committer, which holds the other connection of its pool, and waits for the same lock.
    revocations: lane(1),
  };
}
