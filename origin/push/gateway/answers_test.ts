import assert from "node:assert/strict";
import { classifyApns, refusesProviderToken } from "./apns_answer.ts";
import { classifyFcm, type FcmAnswer, refusesAccessToken } from "./fcm_answer.ts";
import type { Outcome } from "./gateway.ts";
import { readRetryAfter } from "./retry_after.ts";

const NOW = Date.parse("2026-11-01T00:00:00Z");
const FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const BAD_REQUEST = { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [] };

function fcmAnswer(status: number, name: string, code?: string, ...more: unknown[]): FcmAnswer {
  const details = code === undefined ? more : [{ "@type": FCM_ERROR, errorCode: code }, ...more];
  return { status, body: { error: { code: status, message: "m", status: name, details } } };
}

const retry = (reason: string, scope: "target" | "provider" | "credentials", afterMs?: number) => ({
  kind: "retry" as const,
  reason,
  ...(afterMs === undefined ? {} : { afterMs }),
  scope,
});
const prune = (reason: string, more: object = {}): Outcome => ({ kind: "prune", reason, ...more });
const suspect = { suspect: true };

const FCM: [string, FcmAnswer, Outcome][] = [
  ["200", { status: 200, body: { name: "n" } }, { kind: "sent" }],
  ["404 UNREGISTERED", fcmAnswer(404, "NOT_FOUND", "UNREGISTERED"), prune("UNREGISTERED")],
  ["404 of our project", fcmAnswer(404, "NOT_FOUND"), retry("NOT_FOUND", "credentials", 60_000)],
  [
    "403 SENDER_ID_MISMATCH",
    fcmAnswer(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    prune("SENDER_ID_MISMATCH", suspect),
  ],
  [
    "403 of our account",
    fcmAnswer(403, "PERMISSION_DENIED"),
    retry("PERMISSION_DENIED", "credentials", 60_000),
  ],
  [
    "400 about the token",
    fcmAnswer(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    prune("INVALID_ARGUMENT", suspect),
  ],
  [
    "400 about our payload",
    fcmAnswer(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", BAD_REQUEST),
    { kind: "fail", reason: "INVALID_ARGUMENT" },
  ],
  [
    "400 not by FCM",
    fcmAnswer(400, "INVALID_ARGUMENT"),
    { kind: "fail", reason: "INVALID_ARGUMENT" },
  ],
  [
    "429 without a wait",
    fcmAnswer(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    retry("QUOTA_EXCEEDED", "provider", 60_000),
  ],
  [
    "429 with a wait",
    { ...fcmAnswer(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), retryAfter: "120" },
    retry("QUOTA_EXCEEDED", "provider", 120_000),
  ],
  ["503", fcmAnswer(503, "UNAVAILABLE", "UNAVAILABLE"), retry("UNAVAILABLE", "provider")],
  [
    "503 until a date",
    { ...fcmAnswer(503, "UNAVAILABLE"), retryAfter: "Sun, 01 Nov 2026 00:00:09 GMT" },
    retry("UNAVAILABLE", "provider", 9_000),
  ],
  ["500", fcmAnswer(500, "INTERNAL", "INTERNAL"), retry("INTERNAL", "provider")],
  [
    "502 in HTML",
    { status: 502, body: "<html>Bad gateway</html>" },
    retry("http 502", "provider"),
  ],
  [
    "401",
    fcmAnswer(401, "UNAUTHENTICATED"),
    retry("UNAUTHENTICATED", "credentials", 60_000),
  ],
  [
    "401 of the key for Apple",
    fcmAnswer(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
    retry("THIRD_PARTY_AUTH_ERROR", "credentials", 60_000),
  ],
  ["an essay", fcmAnswer(400, "x".repeat(500)), { kind: "fail", reason: "x".repeat(64) }],
];
for (const [name, answer, outcome] of FCM) {
  Deno.test(`classifyFcm() of ${name} is ${outcome.kind}`, () => {
    assert.deepEqual(classifyFcm(answer, NOW), outcome);
  });
}

const APNS: [number, string, Outcome][] = [
  [200, "", { kind: "sent" }],
  [410, '{"reason":"Unregistered","timestamp":5}', prune("Unregistered", { since: 5 })],
  [410, '{"reason":"ExpiredToken"}', prune("ExpiredToken")],
  [400, '{"reason":"BadDeviceToken"}', prune("BadDeviceToken", suspect)],
  [400, '{"reason":"DeviceTokenNotForTopic"}', prune("DeviceTokenNotForTopic", suspect)],
  [400, '{"reason":"BadCollapseId"}', { kind: "fail", reason: "BadCollapseId" }],
  [403, '{"reason":"ExpiredProviderToken"}', retry("ExpiredProviderToken", "credentials", 60_000)],
  [403, '{"reason":"InvalidProviderToken"}', retry("InvalidProviderToken", "credentials", 60_000)],
  [403, '{"reason":"MissingProviderToken"}', retry("MissingProviderToken", "credentials", 60_000)],
  [403, '{"reason":"Forbidden"}', retry("Forbidden", "credentials", 60_000)],
  [404, '{"reason":"BadPath"}', { kind: "fail", reason: "BadPath" }],
  [405, '{"reason":"MethodNotAllowed"}', { kind: "fail", reason: "MethodNotAllowed" }],
  [413, '{"reason":"PayloadTooLarge"}', { kind: "fail", reason: "PayloadTooLarge" }],
  [429, '{"reason":"TooManyRequests"}', retry("TooManyRequests", "target")],
  [
    429,
    '{"reason":"TooManyProviderTokenUpdates"}',
    retry("TooManyProviderTokenUpdates", "provider"),
  ],
  [500, '{"reason":"InternalServerError"}', retry("InternalServerError", "provider")],
  [503, '{"reason":"ServiceUnavailable"}', retry("ServiceUnavailable", "provider")],
  [502, "<html>", retry("http 502", "provider")],
  [400, '{"reason":7}', { kind: "fail", reason: "http 400" }],
  [400, "null", { kind: "fail", reason: "http 400" }],
];
for (const [status, body, outcome] of APNS) {
  Deno.test(`classifyApns() of ${status} ${body} is ${outcome.kind}`, () => {
    assert.deepEqual(classifyApns({ status, body }, NOW), outcome);
  });
}

Deno.test("only an answer about our own token is worth another one", () => {
  assert.ok(refusesAccessToken(fcmAnswer(401, "UNAUTHENTICATED")));
  assert.ok(!refusesAccessToken(fcmAnswer(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")));
  assert.ok(!refusesAccessToken(fcmAnswer(403, "PERMISSION_DENIED")));
  assert.ok(refusesProviderToken({ status: 403, body: '{"reason":"ExpiredProviderToken"}' }));
  assert.ok(!refusesProviderToken({ status: 403, body: '{"reason":"InvalidProviderToken"}' }));
});

Deno.test("readRetryAfter() reads seconds and dates, and bounds both", () => {
  const cases: [string | null, number | undefined][] = [
    [null, undefined],
    ["", undefined],
    ["soon", undefined],
    ["0", 0],
    ["30", 30_000],
    ["999999999999", 3_600_000],
    ["Sun, 01 Nov 2026 00:01:00 GMT", 60_000],
    ["Sat, 31 Oct 2026 00:00:00 GMT", 0],
  ];
  for (const [header, waitMs] of cases) assert.equal(readRetryAfter(header, NOW), waitMs);
});
