/**
 * What each user is known to have received, on some device.
 *
 * Invariant: a position may be forgotten, never invented: it only keeps what edges reported, so a
 * user without one is at worst pushed what was received; and nothing is taken for received that lies
 * before the place where a device began, or beyond the reach of the log: what an edge says of events
 * to come would hold long after it was shut out. Bounded by count: those not heard of for longest go
 * first.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, type AskReceived, decodeMessage, encodeMessage } from "shared/bus/requests.ts";
import type { Received } from "shared/bus/requests.ts";
import { type Gsid, GSID_PER_MS, gsidAt, isGsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { addStretch, hasReceived, type Stretches } from "shared/received.ts";

/** How long edges have to answer an origin that starts to check. */
export const ASK_WAIT_MS = 1_000;
export const MAX_USERS = 500_000;
/** The clocks of an origin and of the database differ by less. */
export const REACH_MS = 60_000;

/**
 * What lies beyond is not committed, and nobody can have received it. Gsids follow the database's
 * clock, or lie ahead of it, where it was set back: then `head`, the newest event that this origin
 * has seen, tells how far.
 */
export function reachOf(head: Gsid, wallMs: number): Gsid {
  return Math.max(head, gsidAt(wallMs)) + REACH_MS * GSID_PER_MS;
}

export class ReceivedPositions {
  readonly #positions = new Map<UserId, Stretches>();
  readonly #maxUsers: number;

  constructor(maxUsers = MAX_USERS) {
    this.#maxUsers = maxUsers;
  }

  get size(): number {
    return this.#positions.size;
  }

  /** Empty for a user of whom nothing is known. */
  of(user: UserId): Stretches {
    return this.#positions.get(user) ?? [];
  }

  has(user: UserId, gsid: Gsid): boolean {
    return hasReceived(this.of(user), gsid);
  }

  note(user: UserId, upto: Gsid, after: Gsid = 0): void {
    const stretches = addStretch(this.of(user), { after, upto });
    this.#positions.delete(user);
    this.#positions.set(user, stretches);
    if (this.#positions.size <= this.#maxUsers) return;
    for (const oldest of this.#positions.keys()) {
      this.#positions.delete(oldest);
      return;
    }
  }

  /**
   * Takes in a report of an edge, and says how many of its positions lie beyond `reach`: those are
   * not believed. @throws {RangeError} When it is none.
   */
  hear(data: Uint8Array, reach: Gsid): number {
    const { users } = decodeMessage<Received>(data);
    let beyond = 0;
    for (const [user, upto, after = 0] of users) {
      if (!isGsid(upto) || !isGsid(after)) continue;
      if (upto > reach) beyond++;
      else this.note(user, upto, after);
    }
    return beyond;
  }
}

/** Asks every edge for its users' positions: an origin that has just come knows none. */
export async function askReceived(
  bus: Pick<Bus, "requestMany">,
  hear: (report: Uint8Array) => void,
  origin: string,
): Promise<void> {
  const question = encodeMessage<AskReceived>({ origin });
  for (const data of await bus.requestMany(ANNOUNCE.askReceived, question, ASK_WAIT_MS)) {
    hear(data);
  }
}
