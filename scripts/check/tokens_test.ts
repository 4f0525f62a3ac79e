import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import type { TokenConfig } from "edge/config.ts";
import { signToken } from "testing/token.ts";
import { closedPort } from "../services/claimed_ports.ts";
import { checkToken, checkTokenKeys } from "./tokens.ts";
import { DEPS, expectAllWell, testPlants } from "./testing.ts";

const SECRET = "a secret of more than thirty-two bytes";
const BY_SECRET: TokenConfig = { keys: { secret: SECRET } };

/** Checks against an issuer that publishes `keys`. */
async function published(keys: unknown, config: Partial<TokenConfig> = { audience: "fanfare" }) {
  const listen = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  await using issuer = Deno.serve(listen, () => Response.json({ keys }));
  const jwksUrl = `http://127.0.0.1:${issuer.addr.port}/jwks.json`;
  return await checkTokenKeys({ ...config, keys: { jwksUrl } }, DEPS);
}

async function publicKey(algorithm: string): Promise<JWK> {
  const { publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return await exportJWK(publicKey);
}

Deno.test("a secret, and an issuer with a key of each kind, are well", async () => {
  expectAllWell(await checkTokenKeys(BY_SECRET, DEPS));
  const keys = await Promise.all(["RS256", "ES256", "EdDSA"].map(publicKey));
  expectAllWell(await published(keys));
});

Deno.test("a good token is well", async () => {
  expectAllWell(await checkToken(await signToken("ana", SECRET, 60), BY_SECRET, DEPS));
});

testPlants([
  {
    name: "an issuer that is not there",
    find: () =>
      checkTokenKeys({ keys: { jwksUrl: `http://127.0.0.1:${closedPort()}/jwks.json` } }, DEPS),
    subject: "token keys",
    says: /^Cannot fetch the keys at 127\.0\.0\.1:\d+: /,
    mend: /^Correct TOKEN_JWKS_URL, or let this machine reach the issuer$/,
  },
  {
    name: "an address without keys",
    find: () => published("nothing"),
    subject: "token keys",
    says: /no JSON Web Key Set$/,
    mend: /jwks_uri$/,
  },
  {
    name: "keys that no edge uses",
    find: async () => published([await publicKey("ES384"), { kty: "RSA", use: "enc" }]),
    subject: "token keys",
    says: /^none of its 2 keys is of RS256, ES256 or EdDSA/,
    mend: /^Let the issuer sign with RS256, ES256 or EdDSA$/,
  },
  {
    name: "a private key that is published",
    find: async () => published([{ ...await publicKey("ES256"), d: "c2VjcmV0" }]),
    subject: "token keys",
    says: /^a private key is published$/,
    mend: /^Take it down and make new keys/,
  },
  {
    name: "an issuer of other applications too, and no audience",
    find: async () => published([await publicKey("ES256")], {}),
    level: "warning",
    subject: "token keys",
    says: /tokens for other applications are accepted too$/,
    mend: /^Set TOKEN_AUDIENCE/,
  },
  {
    name: "a wrong secret",
    find: async () => checkToken(await signToken("ana", "o".repeat(32), 60), BY_SECRET, DEPS),
    subject: "the token given",
    says: /^refused: signature verification failed; .*"sub":"ana"/,
    mend: /^Sign with the very TOKEN_SECRET/,
  },
  {
    name: "an old token",
    find: async () => checkToken(await signToken("ana", SECRET, -60), BY_SECRET, DEPS),
    subject: "the token given",
    says: /^refused: it has expired/,
    mend: /^Have the application fetch a new one/,
  },
  {
    name: "a token for another audience",
    find: async () =>
      checkToken(await signToken("ana", SECRET, 60), { ...BY_SECRET, audience: "fanfare" }, DEPS),
    subject: "the token given",
    says: /"aud" claim/,
    mend: /TOKEN_AUDIENCE/,
  },
  {
    name: "a token of another issuer",
    find: async () =>
      checkToken(await signToken("ana", SECRET, 60), { ...BY_SECRET, issuer: "https://a" }, DEPS),
    subject: "the token given",
    says: /"iss" claim/,
    mend: /TOKEN_ISSUER/,
  },
  {
    name: "a token that never expires",
    find: async () => checkToken(await signed("HS256"), BY_SECRET, DEPS),
    subject: "the token given",
    says: /^refused: exp is missing/,
    mend: /exp in seconds since 1970/,
  },
  {
    name: "a token of another algorithm",
    find: async () => checkToken(await signed("HS512"), BY_SECRET, DEPS),
    subject: "the token given",
    says: /"alg"/,
    mend: /^Sign with HS256 for TOKEN_SECRET/,
  },
]);

function signed(alg: string): Promise<string> {
  const key = new TextEncoder().encode(SECRET);
  return new SignJWT({}).setProtectedHeader({ alg }).setSubject("ana").sign(key);
}
