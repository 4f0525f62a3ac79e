import assert from "node:assert/strict";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import { createHmac } from "node:crypto";
import { COOLDOWN_MS, keySetKeys, MAX_KEY_SET_BYTES, REFRESH_MS } from "./key_set.ts";
import { createTokenVerifier } from "./verify.ts";

Deno.test("RS256, ES256 and EdDSA tokens are verified by the issuer's keys", async () => {
  const issuer = await scene();
  for (const alg of ["RS256", "ES256", "EdDSA"]) {
    await issuer.addKey(alg, alg);
  }
  for (const alg of ["RS256", "ES256", "EdDSA"]) {
    assert.equal(await issuer.judge(await issuer.sign(alg)), "ok");
  }
  assert.equal(issuer.fetches, 1);
});

Deno.test("an HS256 token signed with the public key is invalid", async () => {
  const issuer = await scene();
  const { publicKey } = await issuer.addKey("k", "RS256");
  const input = [{ alg: "HS256", kid: "k" }, issuer.claims()]
    .map((part) => btoa(JSON.stringify(part)).replace(/=+$/, "")).join(".");
  const mac = createHmac("sha256", await exportSPKI(publicKey)).update(input).digest("base64url");
  assert.equal(await issuer.judge(`${input}.${mac}`), "invalid");
});

Deno.test("an algorithm that is not of the three is invalid, even with a key of the issuer", async () => {
  const issuer = await scene();
  for (const alg of ["PS256", "RS512", "ES384"]) {
    await issuer.addKey(alg, alg, {});
    assert.equal(await issuer.judge(await issuer.sign(alg)), "invalid", alg);
    issuer.nowMs += COOLDOWN_MS;
  }
});

Deno.test("a key that rotates in is fetched once; nonsense is told from it only when fetched", async () => {
  const issuer = await scene();
  await issuer.addKey("old");
  assert.equal(await issuer.judge(await issuer.sign("old")), "ok");
  await issuer.addKey("new");
  const fresh = await issuer.sign("new");
  assert.equal(await issuer.judge(fresh), "unavailable", "fetched just now: nobody can tell");
  issuer.nowMs += COOLDOWN_MS;
  assert.deepEqual(await Promise.all([issuer.judge(fresh), issuer.judge(fresh)]), ["ok", "ok"]);
  assert.equal(issuer.fetches, 2);
  const nonsense = await issuer.sign("old", "no such key");
  issuer.nowMs += COOLDOWN_MS;
  assert.equal(await issuer.judge(nonsense), "invalid");
  assert.equal(await issuer.judge(nonsense), "unavailable");
  assert.equal(issuer.fetches, 3);
});

Deno.test("keys serve on while the issuer is down, and are fetched again once per cool-down", async () => {
  const issuer = await scene();
  await issuer.addKey("k");
  assert.equal(await issuer.judge(await issuer.sign("k")), "ok");
  issuer.answer = () => new Response("<html>down</html>", { status: 200 });
  issuer.nowMs += REFRESH_MS + 1;
  for (let i = 0; i < 5; i++) {
    assert.equal(await issuer.judge(await issuer.sign("k", "k", { jti: `${i}` })), "ok");
  }
  assert.equal(issuer.fetches, 2);
  assert.equal(issuer.faults.length, 1);
});

Deno.test("without any keys a token is unavailable, not invalid", async () => {
  const issuer = await scene();
  await issuer.addKey("k");
  for (
    const answer of [
      () => new Response("", { status: 500 }),
      () => new Response("<html>", { status: 200 }),
      () => new Response(`{"keys":7}`),
      () => Promise.reject(new TypeError("connection refused")),
      () => Response.json({ keys: [], more: "x".repeat(MAX_KEY_SET_BYTES) }),
    ]
  ) {
    issuer.answer = answer;
    assert.equal(await issuer.judge(await issuer.sign("k")), "unavailable");
    issuer.nowMs += COOLDOWN_MS;
  }
});

// deno-lint-ignore require-await -- a scene of a test is awaited, whatever it does
async function scene() {
  const keys: JWK[] = [];
  const privateKeys = new Map<string, { alg: string; key: CryptoKey }>();
  const issuer = {
    nowMs: Date.parse("2026-03-01T12:00:00Z"),
    fetches: 0,
    faults: [] as unknown[],
    answer: (): Response | Promise<Response> => Response.json({ keys }),
    claims: () => ({ sub: "ana", exp: issuer.nowMs / 1000 + 3600 }),
    async addKey(kid: string, alg = "ES256", published: JWK = { alg }) {
      const pair = await generateKeyPair(alg, { extractable: true });
      keys.push({ ...await exportJWK(pair.publicKey), kid, ...published });
      privateKeys.set(kid, { alg, key: pair.privateKey });
      return pair;
    },
    sign(key: string, kid = key, more = {}) {
      const { alg, key: privateKey } = privateKeys.get(key)!;
      return new SignJWT({ ...issuer.claims(), ...more })
        .setProtectedHeader({ alg, kid }).sign(privateKey);
    },
    async judge(token: string) {
      const verdict = await verifier.verify(token);
      return verdict.ok ? "ok" : verdict.why;
    },
  };
  const verifier = createTokenVerifier({
    keys: keySetKeys({
      url: "https://issuer.example.com/jwks",
      nowMs: () => issuer.nowMs,
      // deno-lint-ignore require-await -- has the shape of `fetch`
      fetch: async () => (issuer.fetches++, issuer.answer()),
      onFault: (error) => issuer.faults.push(error),
    }),
    nowMs: () => issuer.nowMs,
  });
  return issuer;
}
