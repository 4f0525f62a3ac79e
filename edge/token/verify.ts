/**
 * Whose token this is: the signature, the times and the claims of a JWT.
 *
 * Invariant: the verifier picks the algorithms and the keys, never the token's header, and no
 * claim is looked at before the signature holds. A token that only we cannot judge at the moment
 * is `unavailable`, never `invalid`: a client that is told `invalid` does not come back.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { faultInId, type UserId } from "shared/ids.ts";
import { type Keys, KeysUnavailable } from "./keys.ts";

export const MAX_TOKEN_BYTES = 8 * 1024;
/** How far the clocks of issuer and edge may be apart. */
const LEEWAY_S = 30;
/** 9999-12-31: a later time is a mistake of units. */
const LATEST_S = 253_402_300_799;
export const REMEMBERED_TOKENS = 50_000;
/** Base64url three times; whatever else a token could be is not parsed at all. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export type Verdict =
  | { ok: true; user: UserId; expiresMs: number; issuedMs: number }
  | { ok: false; why: "expired" | "invalid" | "unavailable"; words: string };

export interface TokenVerifier {
  verify(token: string): Promise<Verdict>;
  /** Tokens that need not be checked again. */
  readonly remembered: number;
}

export interface VerifierOptions {
  keys: Keys;
  issuer?: string;
  audience?: string;
  /** Wall clock, ms since 1970. */
  nowMs(): number;
  /** Default: `REMEMBERED_TOKENS`. */
  maxRemembered?: number;
}

/** Keys of one shared secret: HS256. */
export function secretKeys(secret: string): Keys {
  const key = crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  return { algorithms: ["HS256"], find: () => key };
}

export function createTokenVerifier(options: VerifierOptions): TokenVerifier {
  const { maxRemembered: max = REMEMBERED_TOKENS } = options;
  const remembered = new LRUCache<string, Verdict & { ok: true }>({ max });
  return {
    get remembered() {
      return remembered.size;
    },
    async verify(token) {
      if (token.length > MAX_TOKEN_BYTES) return invalid("it is too long");
      if (!COMPACT.test(token)) return invalid("it is no JWT");
      const digest = createHash("sha256").update(token).digest("base64");
      const known = remembered.get(digest);
      if (known && options.nowMs() < known.expiresMs) return known;
      const verdict = await verifyAnew(token, options);
      if (verdict.ok) remembered.set(digest, verdict);
      return verdict;
    },
  };
}

async function verifyAnew(token: string, options: VerifierOptions): Promise<Verdict> {
  const { keys, issuer, audience } = options;
  try {
    const { payload } = await jwtVerify(token, keys.find, {
      algorithms: keys.algorithms,
      currentDate: new Date(options.nowMs()),
      clockTolerance: LEEWAY_S,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    });
    return judgeClaims(payload);
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return { ok: false, why: "expired", words: "it has expired" };
    }
    if (error instanceof KeysUnavailable) {
      return { ok: false, why: "unavailable", words: error.message };
    }
    // The rest is about the token: jose's own words, or those of a key that does not fit.
    return invalid((error as Error).message);
  }
}

function judgeClaims({ sub, exp, iat }: JWTPayload): Verdict {
  const fault = faultInId(sub);
  if (fault) return invalid(`sub ${fault}`);
  if (exp === undefined) return invalid("exp is missing");
  if (!(exp > 0 && exp <= LATEST_S)) return invalid("exp is not a time in seconds");
  const issuedMs = issuedOf(iat);
  return { ok: true, user: sub as UserId, expiresMs: Math.floor(exp * 1000), issuedMs };
}

/** 0, before everything, of one that does not say it in seconds: nobody could revoke it else. */
function issuedOf(iat = 0): number {
  return iat > 0 && iat <= LATEST_S ? Math.round(iat * 1000) : 0;
}

function invalid(words: string): Verdict {
  return { ok: false, why: "invalid", words };
}
