/**
 * Tokens of a user that are good no more: those issued before a moment. Server API only.
 *
 * Invariant: once it is answered, the revocation is stored, with a place in the order of events: no
 * connect finds it missing, and no edge proves that place without knowing it. The same again is
 * harmless, and a moment never goes back.
 *
 * @module
 */

import type { Answer } from "shared/bus/requests.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import { wireError } from "shared/wire/codes.ts";
import type { Sql } from "../store/sql.ts";

/** How far the clock of whoever issues tokens may be ahead; what is further is a mistake. */
const MAX_AHEAD_MS = 60_000;

export interface Revoke {
  user: UserId;
  /** Left out: all of the user's. */
  device?: DeviceId;
  /** In s since 1970, as in a token; left out: now, by the database's clock. */
  before?: number;
}

export interface Revoked {
  /** From this on `iat` is taken. */
  before: number;
}

export async function revoke(
  sql: Sql,
  { user, device, before }: Revoke,
  nowMs: number,
): Promise<Answer<Revoked>> {
  const beforeMs = before === undefined ? null : Math.round(before * 1000);
  if (beforeMs !== null && beforeMs > nowMs + MAX_AHEAD_MS) {
    return { error: wireError("badRequest", "before must not be in the future; it is in seconds") };
  }
  const [{ moment }] = await sql<[{ moment: number }]>`
    select revoke_tokens(${user}, ${device ?? ""}, ${beforeMs}::bigint) as moment`;
  return { result: { before: moment / 1000 } };
}
