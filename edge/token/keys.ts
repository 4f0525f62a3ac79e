/**
 * What a verifier judges tokens by: the keys, wherever they come from.
 *
 * Invariant: keys that cannot be had now are told apart from a token that is not good, for its
 * client may come back with it.
 *
 * @module
 */

import type { JWTVerifyGetKey } from "jose";

/** Where keys come from, and which algorithms they may be used with. */
export interface Keys {
  algorithms: string[];
  find: JWTVerifyGetKey;
}

/** The keys to judge a token by cannot be had now; later they may. */
export class KeysUnavailable extends Error {
  override name = "KeysUnavailable";
}
