/**
 * Tokens for tests and development, signed with the shared secret.
 *
 * @module
 */

import { SignJWT } from "jose";

/** `issuedS`: when it says that it was issued; `null`: it does not say it. Default: now. */
export function signToken(
  user: string,
  secret: string,
  ttlS: number,
  issuedS?: number | null,
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  return new SignJWT(issuedS === null ? {} : { iat: issuedS ?? nowS })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(user)
    .setExpirationTime(nowS + ttlS)
    .sign(new TextEncoder().encode(secret));
}
