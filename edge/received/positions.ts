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
import { addSpan, type Span, type Spans } from "shared/received.ts";

/** How long the word of a user without connections is kept. */
const KEPT_MS = 60_000;
/** Beyond, the word of whoever was heard first is forgotten: at worst it is pushed once too often. */
export const MAX_POSITIONS = 200_000;

export class Positions {
  readonly #spans = new Map<UserId, { spans: Spans; heardMs: number }>();
  readonly #fresh = new Set<UserId>();

  get size(): number {
    return this.#spans.size;
  }

  heard(user: UserId, span: Span, nowMs: number): void {
    const known = this.#spans.get(user)?.spans ?? [];
    const spans = addSpan(known, span);
    if (spans === known) return;
    this.#spans.set(user, { spans, heardMs: nowMs });
    this.#fresh.add(user);
    if (this.#spans.size > MAX_POSITIONS) this.#forgetFirst();
  }

  /** The user's last connection has ended: its word is kept from now on. */
  left(user: UserId, nowMs: number): void {
    const known = this.#spans.get(user);
    if (known) known.heardMs = nowMs;
  }

  /** Everybody's is to be told again: what was told last may not have arrived. */
  renew(): void {
    for (const user of this.#spans.keys()) this.#fresh.add(user);
  }

  /** What rose since the last call. */
  takeFresh(): Received["users"] {
    const users = [...this.#fresh].flatMap((user) => this.#entries(user));
    this.#fresh.clear();
    return users;
  }

  all(): Received["users"] {
    return [...this.#spans.keys()].flatMap((user) => this.#entries(user));
  }

  /** Forgets users of whom nothing was heard for long and who have no connection. */
  prune(nowMs: number, connected: (user: UserId) => boolean): void {
    for (const [user, { heardMs }] of this.#spans) {
      if (nowMs - heardMs <= KEPT_MS || connected(user)) continue;
      this.#spans.delete(user);
      this.#fresh.delete(user);
    }
  }

  #forgetFirst(): void {
    for (const user of this.#spans.keys()) {
      this.#spans.delete(user);
      this.#fresh.delete(user);
      return;
    }
  }

  #entries(user: UserId): Received["users"] {
    const { spans = [] } = this.#spans.get(user) ?? {};
    return spans.map(({ after, upto }) => [user, upto, after]);
  }
}
