/**
 * One connection for each device: of two, the later stays, by the database's clock.
 *
 * Invariant: two connections that hear of each other never both stay and never both go, whichever
 * of them hears first. Pure; knows nothing of how they hear.
 *
 * @module
 */

import type { ConnectionId } from "shared/ids.ts";

interface Claim {
  /** When it connected: database time in ms since 1970. */
  readonly at: number;
  readonly connection: string;
}

export class Takeover {
  readonly #id: ConnectionId;
  #connectedAt: number | undefined;
  #newest: Claim | undefined;

  constructor(id: ConnectionId) {
    this.#id = id;
  }

  /** This connection's own time is known. */
  connected(at: number): void {
    this.#connectedAt = at;
  }

  /** Another connection has taken the device. */
  claimed(claim: Claim): void {
    if (claim.connection !== this.#id && !isOlder(claim, this.#newest)) this.#newest = claim;
  }

  toString(): string {
    return `${this.#connectedAt}<${this.#newest?.at}/${this.#newest?.connection}`;
  }

  /** Whether this connection must go. */
  get lost(): boolean {
    if (this.#connectedAt === undefined || !this.#newest) return false;
    return isOlder({ at: this.#connectedAt, connection: this.#id }, this.#newest);
  }
}

function isOlder(one: Claim, other: Claim | undefined): boolean {
  if (!other) return false;
  return one.at < other.at || (one.at === other.at && one.connection < other.connection);
}
