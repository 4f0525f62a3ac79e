/**
 * What a user is known to have received of the order of events: stretches of it.
 *
 * Invariant: a stretch `(after, upto]` says that everything in it was received, and nothing of what
 * lies before it: a device that begins at the head was never sent what came earlier. Stretches that
 * meet are one. At most `MAX_STRETCHES` are kept, the latest: what is forgotten is at worst pushed
 * once too often. Pure.
 *
 * @module
 */

import type { Gsid } from "./gsid.ts";

/** Everything in `(after, upto]`. */
export interface Stretch {
  readonly after: Gsid;
  readonly upto: Gsid;
}

/** Apart from each other, rising. */
export type Stretches = readonly Stretch[];

/** That of a device which resumed, and that of one which began later. */
export const MAX_STRETCHES = 2;

/** These and one more; the same object when it says nothing new. */
export function addStretch(stretches: Stretches, { after, upto }: Stretch): Stretches {
  if (upto <= after || stretches.some((each) => each.after <= after && upto <= each.upto)) {
    return stretches;
  }
  const met = stretches.filter((each) => each.after <= upto && after <= each.upto);
  const joined = {
    after: Math.min(after, ...met.map((each) => each.after)),
    upto: Math.max(upto, ...met.map((each) => each.upto)),
  };
  const apart = stretches.filter((each) => !met.includes(each));
  return [...apart, joined].sort((one, other) => one.upto - other.upto).slice(-MAX_STRETCHES);
}

export function hasReceived(stretches: Stretches, gsid: Gsid): boolean {
  return stretches.some(({ after, upto }) => after < gsid && gsid <= upto);
}

/** Whether all of it was received. */
export function hasAll(stretches: Stretches, { after, upto }: Stretch): boolean {
  return stretches.some((each) => each.after <= after && upto <= each.upto);
}

/** The last that was received; 0: nothing is known. */
export function lastReceived(stretches: Stretches): Gsid {
  return stretches.at(-1)?.upto ?? 0;
}
