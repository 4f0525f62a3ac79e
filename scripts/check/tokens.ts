/**
 * The keys that clients' tokens are judged by, and what they say of one token.
 *
 * Invariant: what is said of a token is what an edge says, since the edge's own verifier says it.
 *
 * @module
 */

import type { TokenConfig } from "edge/config.ts";
import { fetchKeySet } from "edge/token/key_set.ts";
import { openVerifier } from "edge/token/open.ts";
import { importJWK, type JWK } from "jose";
import { claimsOf } from "../cli/token.ts";
import { judgeClock, sampleOfDate } from "./clock.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { placeOf } from "./place.ts";
import { type CheckDeps, wordsOf } from "./probe.ts";

const SUBJECT = "token keys";

export async function checkTokenKeys(
  tokens: TokenConfig,
  { nowMs }: Pick<CheckDeps, "nowMs">,
): Promise<Finding[]> {
  if ("secret" in tokens.keys) return [ok(SUBJECT, "one secret, TOKEN_SECRET, for HS256")];
  const { jwksUrl } = tokens.keys;
  try {
    const sentMs = nowMs();
    const { keySet, date } = await fetchKeySet({ url: jwksUrl });
    const sample = sampleOfDate(date, sentMs, nowMs());
    return [
      await judgeKeys(keySet.keys, tokens),
      ...(sample ? [judgeClock("the token issuer", sample)] : []),
    ];
  } catch (error) {
    const says = `Cannot fetch the keys at ${placeOf(jwksUrl)}: ${wordsOf(error)}`;
    const mend = "Correct TOKEN_JWKS_URL, or let this machine reach the issuer";
    return [failure(SUBJECT, says, mend)];
  }
}

async function judgeKeys(keys: unknown, { audience }: TokenConfig): Promise<Finding> {
  if (!Array.isArray(keys)) {
    const mend = "Set TOKEN_JWKS_URL to the issuer's jwks_uri";
    return failure(SUBJECT, "what is there is no JSON Web Key Set", mend);
  }
  if (keys.some(isPrivate)) {
    const mend = "Take it down and make new keys: whoever has it can be any user";
    return failure(SUBJECT, "a private key is published", mend);
  }
  const usable = (await Promise.all(keys.map(isUsable))).filter((is) => is).length;
  if (usable === 0) {
    const says = `none of its ${keys.length} keys is of RS256, ES256 or EdDSA, for signing`;
    return failure(SUBJECT, says, "Let the issuer sign with RS256, ES256 or EdDSA");
  }
  const says = `${usable} of ${keys.length} keys can be used`;
  if (audience !== undefined) return ok(SUBJECT, says);
  const mend = "Set TOKEN_AUDIENCE to what the issuer calls this application";
  return warning(SUBJECT, `${says}; tokens for other applications are accepted too`, mend);
}

function isPrivate(key: unknown): boolean {
  return typeof key === "object" && key !== null && ("d" in key || "k" in key);
}

async function isUsable(key: JWK): Promise<boolean> {
  const algorithm = algorithmOf(key);
  if (!algorithm || key.use === "enc" || (key.alg && key.alg !== algorithm)) return false;
  return await importJWK(key, algorithm).then(() => true, () => false);
}

function algorithmOf({ kty, crv }: JWK): string | undefined {
  if (kty === "RSA") return "RS256";
  if (kty === "EC" && crv === "P-256") return "ES256";
  if (kty === "OKP" && crv === "Ed25519") return "EdDSA";
}

export async function checkToken(
  token: string,
  tokens: TokenConfig,
  { nowMs }: Pick<CheckDeps, "nowMs">,
): Promise<Finding[]> {
  const subject = "the token given";
  const verifier = openVerifier(tokens, { now: nowMs, onFault: () => {} });
  const verdict = await verifier.verify(token.trim());
  if (verdict.ok) {
    const until = new Date(verdict.expiresMs).toISOString();
    return [ok(subject, `good: user ${verdict.user}, until ${until}`)];
  }
  const says = `refused: ${verdict.words}${claimsOf(token).replaceAll("\n", "; ")}`;
  return [failure(subject, says, mendOfRefusal(verdict.why, verdict.words))];
}

function mendOfRefusal(why: string, words: string): string {
  if (why === "expired") return "Have the application fetch a new one; see the clocks, too";
  if (why === "unavailable") return "Mend the token keys first";
  if (/signature/.test(words)) {
    return "Sign with the very TOKEN_SECRET, or with a key that TOKEN_JWKS_URL publishes";
  }
  if (/"iss"/.test(words)) return "Let iss be TOKEN_ISSUER, or correct TOKEN_ISSUER";
  if (/"aud"/.test(words)) return "Let aud hold TOKEN_AUDIENCE, or correct TOKEN_AUDIENCE";
  if (/"alg"|algorithm/i.test(words)) {
    return "Sign with HS256 for TOKEN_SECRET; with RS256, ES256 or EdDSA for TOKEN_JWKS_URL";
  }
  return "Give it sub (the user), and exp in seconds since 1970, and sign it as a compact JWT";
}
