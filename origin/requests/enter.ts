/**
 * What an edge must subscribe to for a user that connects, before it reads anything, and which of
 * the user's tokens are good no more.
 *
 * Invariant: what was revoked before this was asked is in the answer. An edge that does not say when
 * the token was issued, as releases up to 0.1.0 do not, could not act on it: it gets none.
 *
 * @module
 */

import { Refused } from "shared/admission.ts";
import type { Enter, Entered } from "shared/bus/requests.ts";
import { readSnapshot } from "../store/snapshot.ts";
import type { Sql } from "../store/sql.ts";

/** @throws {Refused} When the user was revoked, and the edge cannot tell which tokens are good. */
export async function enter(
  sql: Sql,
  { user, device, issued }: Omit<Enter, "v">,
  { largeGroup }: { largeGroup: number },
): Promise<Omit<Entered, "v">> {
  const { at, groups, revoked } = await readSnapshot(
    sql,
    { user, revokedOf: { device } },
    largeGroup,
  );
  if (revoked === undefined) return { at, groups };
  if (issued === undefined) {
    throw new Refused("Cannot let in: the edge does not say when the token was issued");
  }
  return { at, groups, revoked };
}
