/**
 * How much one user may do on this edge, over all connections together.
 *
 * Invariant: messages have a rate of their own, so that neither keeps the other from its share; and
 * a user holds at most so many connections. Users are remembered while they are connected, or have
 * yet to pay off what they did. Knows nothing of what an origin allows.
 *
 * @module
 */

import type { UserId } from "shared/ids.ts";
import { type Rate, RateLimiter } from "./rate.ts";

/**
 * What a call counts for; any other counts for one. A change of a group is a transaction by itself,
 * while messages share one; a question about presence is a request to another service.
 */
const COSTS: ReadonlyMap<string, number> = new Map([
  ...["create", "add", "remove", "leave"].map((change) => [`group.${change}`, 4] as const),
  ["presence", 2] as const,
]);

export interface UserRates {
  sends: Rate;
  /** Of everything else that is answered by an origin. */
  calls: Rate;
  maxConnections: number;
}

export class UserLimits {
  readonly #sends: RateLimiter<UserId>;
  readonly #calls: RateLimiter<UserId>;
  readonly #maxConnections: number;
  readonly #connections = new Map<UserId, number>();

  constructor({ sends, calls, maxConnections }: UserRates) {
    this.#sends = new RateLimiter(sends);
    this.#calls = new RateLimiter(calls);
    this.#maxConnections = maxConnections;
  }

  /** How many users' rates are remembered. */
  get size(): number {
    return this.#sends.size + this.#calls.size;
  }

  /** Whether the user may make this call now. */
  admits(user: UserId, method: string, nowMs: number): boolean {
    if (method === "send") return this.#sends.admit(user, nowMs);
    return this.#calls.admit(user, nowMs, COSTS.get(method));
  }

  /** Counts one more connection; false: the user has as many as one may have. */
  connect(user: UserId): boolean {
    const connections = this.#connections.get(user) ?? 0;
    if (connections >= this.#maxConnections) return false;
    this.#connections.set(user, connections + 1);
    return true;
  }

  disconnect(user: UserId): void {
    const connections = this.#connections.get(user) ?? 0;
    if (connections > 1) this.#connections.set(user, connections - 1);
    else this.#connections.delete(user);
  }

  /** To be called every few seconds. */
  prune(nowMs: number): void {
    this.#sends.prune(nowMs);
    this.#calls.prune(nowMs);
  }
}
