/**
 * Up to which event each user is known to have received everything, on some device.
 *
 * Invariant: a position may be forgotten, never invented: it only keeps the highest that an edge
 * reported, so a user without one is at worst pushed what was received. Bounded by count: those not
 * heard of for longest go first.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, type AskReceived, decodeMessage, encodeMessage } from "shared/bus/requests.ts";
import type { Received } from "shared/bus/requests.ts";
import { type Gsid, isGsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";

/** How long edges have to answer an origin that starts to check. */
export const ASK_WAIT_MS = 1_000;
export const MAX_USERS = 500_000;

export class ReceivedPositions {
  readonly #positions = new Map<UserId, Gsid>();
  readonly #maxUsers: number;

  constructor(maxUsers = MAX_USERS) {
    this.#maxUsers = maxUsers;
  }

  get size(): number {
    return this.#positions.size;
  }

  /** 0 for a user of whom nothing is known. */
  of(user: UserId): Gsid {
    return this.#positions.get(user) ?? 0;
  }

  note(user: UserId, upto: Gsid): void {
    const highest = Math.max(upto, this.of(user));
    this.#positions.delete(user);
    this.#positions.set(user, highest);
    if (this.#positions.size <= this.#maxUsers) return;
    for (const oldest of this.#positions.keys()) {
      this.#positions.delete(oldest);
      return;
    }
  }

  /** Takes in a report of an edge. @throws {RangeError} When it is none. */
  hear(data: Uint8Array): void {
    const { users } = decodeMessage<Received>(data);
    for (const [user, upto] of users) if (isGsid(upto)) this.note(user, upto);
  }
}

/** Asks every edge for its users' positions: an origin that has just come knows none. */
export async function askReceived(
  bus: Pick<Bus, "requestMany">,
  positions: ReceivedPositions,
  origin: string,
): Promise<void> {
  const question = encodeMessage<AskReceived>({ origin });
  for (const data of await bus.requestMany(ANNOUNCE.askReceived, question, ASK_WAIT_MS)) {
    positions.hear(data);
  }
}
