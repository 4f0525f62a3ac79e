/**
 * The two users of the smoke test, and how they prove who they are.
 *
 * Invariant: a token lasts for minutes, and is for a user whom nobody else is: `fanfare-smoke-…`.
 *
 * @module
 */

import { decodeJwt, SignJWT } from "jose";
import type { TokenConfig } from "edge/config.ts";
import { UsedWrongly } from "../../cli/run.ts";

export interface SmokeUser {
  user: string;
  token: string;
}

/** Who sends, and who receives. */
export type SmokeUsers = readonly [SmokeUser, SmokeUser];

const TTL_S = 900;
export const PREFIX = "fanfare-smoke-";

/**
 * Signed with the edges' own secret, or those that were given; or why there are none.
 *
 * `run`: what the users of this run are told apart by.
 *
 * @throws {UsedWrongly} When those that were given are not two of two users.
 */
export async function smokeUsers(
  tokens: TokenConfig,
  given: readonly string[],
  run: string,
): Promise<SmokeUsers | string> {
  if (given.length > 0) return readGiven(given);
  if ("jwksUrl" in tokens.keys) {
    return "the issuer signs the tokens: give two of two users with --smoke-token";
  }
  const { secret } = tokens.keys;
  const signed = ["ana", "ben"].map(async (name) => {
    const user = `${PREFIX}${run}-${name}`;
    return { user, token: await sign(user, secret, tokens) };
  });
  return await Promise.all(signed) as unknown as SmokeUsers;
}

function readGiven(given: readonly string[]): SmokeUsers {
  const [one, other, ...more] = given.map((token) => ({ user: userIn(token), token }));
  if (!one?.user || !other?.user || more.length > 0 || one.user === other.user) {
    throw new UsedWrongly("--smoke-token must be given twice, with tokens of two users");
  }
  return [one, other] as SmokeUsers;
}

function userIn(token: string): string | undefined {
  try {
    return decodeJwt(token).sub;
  } catch {
    // It is no JWT.
    return undefined;
  }
}

function sign(user: string, secret: string, { issuer, audience }: TokenConfig): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  const token = new SignJWT({})
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(user)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + TTL_S);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
