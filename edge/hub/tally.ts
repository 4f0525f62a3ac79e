/**
 * A set of gsids: what one subscription was handed lately.
 *
 * Invariant: kept in order, without repeats. Events come nearly in order, so that adding one is
 * an append as a rule; and an interval is a slice. Knows nothing of subscriptions.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";

/** The gsids in `(after, upto]`: how many, and their xor. */
export interface Sum {
  after: Gsid;
  upto: Gsid;
  count: number;
  xor: Gsid;
}

const TWO_32 = 2 ** 32;

export class Tally {
  readonly #gsids: Gsid[] = [];

  get size(): number {
    return this.#gsids.length;
  }

  /** False when it was there already. */
  add(gsid: Gsid): boolean {
    const gsids = this.#gsids;
    if (gsids.length === 0 || gsid > gsids[gsids.length - 1]!) {
      gsids.push(gsid);
      return true;
    }
    const at = this.#above(gsid);
    if (gsids[at - 1] === gsid) return false;
    gsids.splice(at, 0, gsid);
    return true;
  }

  /** Forgets everything up to `floor`. */
  prune(floor: Gsid): void {
    if (this.#gsids[0]! <= floor) this.#gsids.splice(0, this.#above(floor));
  }

  /** Whether it has just that many gsids with that xor in that interval. */
  equals({ after, upto, count, xor }: Sum): boolean {
    const gsids = this.#gsids;
    const from = this.#above(after), to = this.#above(upto);
    if (to - from !== count) return false;
    // `^` keeps 32 bits of a gsid's 53, so both halves are taken by themselves.
    let high = 0, low = 0;
    for (let at = from; at < to; at++) {
      high ^= gsids[at]! / TWO_32;
      low ^= gsids[at]!;
    }
    return high * TWO_32 + (low >>> 0) === xor;
  }

  values(): readonly Gsid[] {
    return this.#gsids;
  }

  /** The index of the first gsid above this one. Most questions are about the newest. */
  #above(gsid: Gsid): number {
    const gsids = this.#gsids;
    let low = 0, high = gsids.length;
    if (high === 0 || gsids[high - 1]! <= gsid) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (gsids[middle]! <= gsid) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
