/**
 * Tokens for tests and development, signed with the shared secret.
 *
 * @module
 */

import { SignJWT } from "jose";

export function signToken(user: string, secret: string, ttlS: number): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(user)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + ttlS)
    .sign(new TextEncoder().encode(secret));
}
