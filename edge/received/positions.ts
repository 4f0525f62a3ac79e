/**
 * What each user is known to have received, as this edge reports it.
 *
 * Invariant: a position comes from a device in the foreground, and says nothing of what lies before
 * the place where that device began. The last word of a connection that ended is kept for a while,
 * for a checker that asks late. Knows nothing of frames.
 *
 * @module
 */

import type { Received } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { addStretch, type Stretch, type Stretches } from "shared/received.ts";

/** How long the word of a user without connections is kept. */
const KEPT_MS = 60_000;
/** Beyond, the word of whoever was heard first is forgotten: at worst it is pushed once too often. */
export const MAX_POSITIONS = 200_000;

export class Positions {
  readonly #stretches = new Map<UserId, { stretches: Stretches; heardMs: number }>();
  readonly #fresh = new Set<UserId>();

  get size(): number {
    return this.#stretches.size;
  }

  heard(user: UserId, stretch: Stretch, nowMs: number): void {
    const known = this.#stretches.get(user)?.stretches ?? [];
    const stretches = addStretch(known, stretch);
    if (stretches === known) return;
    this.#stretches.set(user, { stretches, heardMs: nowMs });
    this.#fresh.add(user);
    if (this.#stretches.size > MAX_POSITIONS) this.#forgetFirst();
  }

  /** The user's last connection has ended: its word is kept from now on. */
  left(user: UserId, nowMs: number): void {
    const known = this.#stretches.get(user);
    if (known) known.heardMs = nowMs;
  }

  /** Everybody's is to be told again: what was told last may not have arrived. */
  renew(): void {
    for (const user of this.#stretches.keys()) this.#fresh.add(user);
  }

  /** What rose since the last call. */
  takeFresh(): Received["users"] {
    const users = [...this.#fresh].flatMap((user) => this.#entries(user));
    this.#fresh.clear();
    return users;
  }

  all(): Received["users"] {
    return [...this.#stretches.keys()].flatMap((user) => this.#entries(user));
  }

  /** Forgets users of whom nothing was heard for long and who have no connection. */
  prune(nowMs: number, connected: (user: UserId) => boolean): void {
    for (const [user, { heardMs }] of this.#stretches) {
      if (nowMs - heardMs <= KEPT_MS || connected(user)) continue;
      this.#stretches.delete(user);
      this.#fresh.delete(user);
    }
  }

  #forgetFirst(): void {
    for (const user of this.#stretches.keys()) {
      this.#stretches.delete(user);
      this.#fresh.delete(user);
      return;
    }
  }

  #entries(user: UserId): Received["users"] {
    const { stretches = [] } = this.#stretches.get(user) ?? {};
    return stretches.map(({ after, upto }) => [user, upto, after]);
  }
}
