import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { SignJWT } from "jose";
import { createTokenVerifier, secretKeys, type Verdict } from "./verify.ts";

const SECRET = "a secret of more than thirty-two bytes";
const NOW_MS = Date.parse("2026-03-01T12:00:00Z");
const NOW_S = NOW_MS / 1000;
const good = { sub: "ana", exp: NOW_S + 3600 };

function verifier(clock = { nowMs: NOW_MS }) {
  return createTokenVerifier({
    keys: secretKeys(SECRET),
    issuer: "https://issuer.example.com",
    audience: "fanfare",
    nowMs: () => clock.nowMs,
  });
}

/** Signs whatever it is given: a header and claims that no library would write. */
function forge(header: string, claims: string, secret: string | Buffer = SECRET): string {
  const input = [header, claims].map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

function token(claims: Record<string, unknown>, header: Record<string, unknown> = {}): string {
  return forge(
    JSON.stringify({ alg: "HS256", ...header }),
    JSON.stringify({ iss: "https://issuer.example.com", aud: "fanfare", ...claims }),
  );
}

function outcome(verdict: Verdict): string {
  return verdict.ok ? `user ${verdict.user}` : verdict.why;
}

Deno.test("verify() reads user and expiry of a good token", async () => {
  const signed = await new SignJWT({ ...good })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer("https://issuer.example.com").setAudience(["fanfare", "other"])
    .sign(new TextEncoder().encode(SECRET));
  assert.deepEqual(await verifier().verify(signed), {
    ok: true,
    user: "ana",
    expiresMs: (NOW_S + 3600) * 1000,
    issuedMs: 0,
  });
});

Deno.test("verify() reads when a token was issued; without a time in seconds it was before all others", async () => {
  const of = async (iat: unknown) => {
    const verdict = await verifier().verify(token({ ...good, iat }));
    return verdict.ok && verdict.issuedMs;
  };
  assert.equal(await of(NOW_S), NOW_MS);
  assert.equal(await of(NOW_S + 0.123), NOW_MS + 123);
  for (const iat of [undefined, 0, -1, NOW_MS, 1e300]) {
    assert.equal(await of(iat), 0, String(iat));
  }
});

const deep = "[".repeat(2500) + "]".repeat(2500);
const table: [what: string, token: string, expected: string][] = [
  ["no token", "", "invalid"],
  ["words", "not a token", "invalid"],
  ["two parts", "e30.e30", "invalid"],
  ["alg none, unsigned", `${btoa(`{"alg":"none"}`)}.${btoa(JSON.stringify(good))}.`, "invalid"],
  ["alg none, signed", token(good, { alg: "none" }), "invalid"],
  ["alg None", token(good, { alg: "None" }), "invalid"],
  ["another algorithm", token(good, { alg: "HS512" }), "invalid"],
  ["an algorithm for public keys", token(good, { alg: "RS256" }), "invalid"],
  ["no algorithm", token(good, { alg: undefined }), "invalid"],
  ["another secret", forge(`{"alg":"HS256"}`, JSON.stringify(good), "x".repeat(32)), "invalid"],
  ["an empty secret", forge(`{"alg":"HS256"}`, JSON.stringify(good), Buffer.alloc(32)), "invalid"],
  ["no signature", token(good).replace(/\.[^.]*$/, "."), "invalid"],
  ["its own key", token(good, { jwk: { kty: "oct", k: "eA" }, jku: "http://evil" }), "user ana"],
  ["a critical extension", token(good, { crit: ["x"], x: 1 }), "invalid"],
  ["an encrypted token", `${token(good)}.x.y`, "invalid"],
  ["a kid that is a path", token(good, { kid: "../../dev/null" }), "user ana"],
  ["a header that is no JSON", forge("{", JSON.stringify(good)), "invalid"],
  ["claims that are no object", forge(`{"alg":"HS256"}`, "[]"), "invalid"],
  ["claims that are no JSON", forge(`{"alg":"HS256"}`, "{"), "invalid"],
  ["expired", token({ ...good, exp: NOW_S - 31 }), "expired"],
  ["expired within the leeway", token({ ...good, exp: NOW_S - 29 }), "user ana"],
  ["not valid yet", token({ ...good, nbf: NOW_S + 3600 }), "invalid"],
  ["not valid yet within the leeway", token({ ...good, nbf: NOW_S + 29 }), "user ana"],
  ["no exp", token({ sub: "ana" }), "invalid"],
  ["exp that is no time", token({ ...good, exp: 1e300 }), "invalid"],
  ["exp in milliseconds", token({ ...good, exp: NOW_MS * 1000 }), "invalid"],
  ["exp as a string", token({ ...good, exp: `${NOW_S + 60}` }), "invalid"],
  ["a negative exp", token({ ...good, exp: -1 }), "expired"],
  ["exp null", token({ ...good, exp: null }), "invalid"],
  ["another issuer", token({ ...good, iss: "https://evil.example.com" }), "invalid"],
  ["another audience", token({ ...good, aud: ["other"] }), "invalid"],
  ["an iat that is no number", token({ ...good, iat: `${NOW_S}` }), "invalid"],
  ["no sub", token({ exp: NOW_S + 60 }), "invalid"],
  ["an empty sub", token({ ...good, sub: "" }), "invalid"],
  ["a sub that is an object", token({ ...good, sub: { a: 1 } }), "invalid"],
  ["a sub of 129 bytes", token({ ...good, sub: "x".repeat(129) }), "invalid"],
  ["a sub with NUL", token({ ...good, sub: "a\0b" }), "invalid"],
  ["a sub with a lone surrogate", token({ ...good, sub: "\ud800" }), "invalid"],
  ["a sub named __proto__", token({ ...good, sub: "__proto__" }), "user __proto__"],
  ["64 KiB", token({ ...good, x: "x".repeat(65_536) }), "invalid"],
  ["deep claims", token(good).length > 0 ? forge(`{"alg":"HS256"}`, deep) : "", "invalid"],
  [
    "two subs",
    forge(
      `{"alg":"HS256"}`,
      `{"iss":"https://issuer.example.com","aud":"fanfare","sub":"bob","sub":"ana","exp":${
        NOW_S + 60
      }}`,
    ),
    "user ana",
  ],
];
for (const [what, bad, expected] of table) {
  Deno.test(`verify() of ${what}: ${expected}`, async () => {
    assert.equal(outcome(await verifier().verify(bad)), expected);
  });
}

Deno.test("verify() remembers a token, but not beyond its expiry", async () => {
  const clock = { nowMs: NOW_MS };
  let looked = 0;
  const secret = secretKeys(SECRET);
  const verifier = createTokenVerifier({
    keys: { ...secret, find: (...args) => (looked++, secret.find(...args)) },
    nowMs: () => clock.nowMs,
  });
  const signed = token(good);
  assert.equal(outcome(await verifier.verify(signed)), "user ana");
  assert.equal(outcome(await verifier.verify(signed)), "user ana");
  assert.equal(looked, 1);
  clock.nowMs = NOW_MS + 3_600_000 + 31_000;
  assert.equal(outcome(await verifier.verify(signed)), "expired");
});

Deno.test("verify() never repeats the token in its words", async () => {
  for (const [, bad] of table) {
    const verdict = await verifier().verify(bad);
    if (!verdict.ok && bad.length > 20) assert(!verdict.words.includes(bad.slice(0, 20)));
  }
});

Deno.test("verify() remembers only so many tokens, those used last", async () => {
  let looked = 0;
  const secret = secretKeys(SECRET);
  const verifier = createTokenVerifier({
    keys: { ...secret, find: (...args) => (looked++, secret.find(...args)) },
    nowMs: () => NOW_MS,
    maxRemembered: 2,
  });
  const tokens = ["a", "b", "c"].map((jti) => token({ ...good, jti }));
  for (const n of [0, 1, 0, 2, 0, 1]) {
    assert.equal(outcome(await verifier.verify(tokens[n]!)), "user ana");
  }
  assert.deepEqual([looked, verifier.remembered], [4, 2]);
});
