/**
 * Up to which event each user is known to have received everything, as this edge reports it.
 *
 * Invariant: a position only rises, and comes from a device in the foreground. The last word of a
 * connection that ended is kept for a while, for a checker that asks late. Knows nothing of frames.
 *
 * @module
 */

import type { Received } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";

/** How long the word of a user without connections is kept. */
const KEPT_MS = 60_000;
/** Beyond, the word of whoever was heard first is forgotten: at worst it is pushed once too often. */
export const MAX_POSITIONS = 200_000;

export class Positions {
  readonly #upto = new Map<UserId, { gsid: Gsid; heardMs: number }>();
  readonly #fresh = new Set<UserId>();

  get size(): number {
    return this.#upto.size;
  }

  heard(user: UserId, gsid: Gsid, nowMs: number): void {
    const known = this.#upto.get(user);
    if (known && known.gsid >= gsid) return;
    this.#upto.set(user, { gsid, heardMs: nowMs });
    this.#fresh.add(user);
    if (this.#upto.size > MAX_POSITIONS) this.#forgetFirst();
  }

  /** The user's last connection has ended: its word is kept from now on. */
  left(user: UserId, nowMs: number): void {
    const known = this.#upto.get(user);
    if (known) known.heardMs = nowMs;
  }

  /** Everybody's is to be told again: what was told last may not have arrived. */
  renew(): void {
    for (const user of this.#upto.keys()) this.#fresh.add(user);
  }

  /** What rose since the last call. */
  takeFresh(): Received["users"] {
    const users = [...this.#fresh].map((user) => this.#entry(user));
    this.#fresh.clear();
    return users;
  }

  all(): Received["users"] {
    return [...this.#upto.keys()].map((user) => this.#entry(user));
  }

  /** Forgets users of whom nothing was heard for long and who have no connection. */
  prune(nowMs: number, connected: (user: UserId) => boolean): void {
    for (const [user, { heardMs }] of this.#upto) {
      if (nowMs - heardMs <= KEPT_MS || connected(user)) continue;
      this.#upto.delete(user);
      this.#fresh.delete(user);
    }
  }

  #forgetFirst(): void {
    for (const user of this.#upto.keys()) {
      this.#upto.delete(user);
      this.#fresh.delete(user);
      return;
    }
  }

  #entry(user: UserId): [UserId, Gsid] {
    return [user, this.#upto.get(user)?.gsid ?? 0];
  }
}
