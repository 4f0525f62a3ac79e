/**
 * Which tokens are good no more, as the database keeps it.
 *
 * Invariant: one row for each user or device that was ever revoked, with the moment that holds and its
 * place in the order of events; a moment never goes back, but by a restore.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { DeviceId, UserId } from "shared/ids.ts";

export interface Revocation {
  user: UserId;
  /** "": all of them. */
  device: DeviceId | "";
  beforeMs: number;
  gsid: Gsid;
}

/** A token, as far as revocations go; "": of a device that does not name itself. */
export interface Issued {
  user: UserId;
  device: DeviceId | "";
  issuedMs: number;
}

export function isCovered({ user, device, issuedMs }: Issued, by: Revocation): boolean {
  return by.user === user && issuedMs < by.beforeMs && (by.device === "" || by.device === device);
}

export class Revocations {
  /** In the order of their gsids. */
  #rows: Revocation[] = [];
  /** The same, with those that later ones have replaced. */
  #history: Revocation[] = [];

  get rows(): readonly Revocation[] {
    return this.#rows;
  }

  /** The first of them after a place. */
  after(gsid: Gsid, limit: number): Revocation[] {
    return this.#rows.filter((row) => row.gsid > gsid).slice(0, limit);
  }

  /** `undefined`: none. Without a device, of any. */
  momentOf(user: UserId, device: DeviceId | "" | undefined): number | undefined {
    let moment: number | undefined;
    for (const row of this.#rows) {
      if (row.user !== user) continue;
      if (device !== undefined && row.device !== "" && row.device !== device) continue;
      moment = Math.max(moment ?? 0, row.beforeMs);
    }
    return moment;
  }

  add(row: Revocation): void {
    this.#history.push(row);
    this.#rows = this.#rows.filter(({ user, device, beforeMs }) =>
      user !== row.user ||
      (device !== row.device && (row.device !== "" || beforeMs > row.beforeMs))
    );
    this.#rows.push(row);
  }

  restore(upto: Gsid): void {
    const kept = this.#history.filter(({ gsid }) => gsid <= upto);
    this.#rows = [];
    this.#history = [];
    for (const row of kept) this.add(row);
  }
}
