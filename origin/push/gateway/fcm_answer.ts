/**
 * What an answer of FCM's HTTP v1 API means for a push.
 *
 * Invariant: only an answer that speaks of the token itself prunes it. A 400 about our payload, a
 * 401 about our key and every 5xx keep it.
 *
 * @module
 */

import type { Outcome } from "./gateway.ts";
import { readRetryAfter } from "./retry_after.ts";

export interface FcmAnswer {
  status: number;
  retryAfter?: string | undefined;
  /** The body, parsed when it is JSON. */
  body: unknown;
}

const FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest";
/** FCM asks senders without a Retry-After to stay away for a minute after a 429. */
const QUOTA_PAUSE_MS = 60_000;
const CREDENTIALS_PAUSE_MS = 60_000;
/** Reasons are labels of metrics and columns of a table, so no stranger's essay may become one. */
const MAX_REASON_LENGTH = 64;

export function classifyFcm(answer: FcmAnswer, nowMs: number): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: "sent" };
  const error = readError(answer.body);
  const reason = error.code ?? `http ${status}`;
  const asked = readRetryAfter(answer.retryAfter, nowMs);
  const after = asked === undefined ? {} : { afterMs: asked };

  if (error.code === "UNREGISTERED") return { kind: "prune", reason };
  if (error.code === "SENDER_ID_MISMATCH") return { kind: "prune", reason, suspect: true };
  if (error.code === "INVALID_ARGUMENT" && error.byFcm && !error.blamesPayload) {
    return { kind: "prune", reason, suspect: true };
  }
  // A 404 that is not FCM's own says that our project does not exist.
  const ours = status === 401 || status === 403 || (status === 404 && !error.byFcm);
  if (ours || error.code === "THIRD_PARTY_AUTH_ERROR") {
    return { kind: "retry", reason, afterMs: CREDENTIALS_PAUSE_MS, scope: "credentials" };
  }
  if (status === 429) {
    return { kind: "retry", reason, afterMs: asked ?? QUOTA_PAUSE_MS, scope: "provider" };
  }
  if (status >= 500 || status === 408) {
    return { kind: "retry", reason, ...after, scope: "provider" };
  }
  return { kind: "fail", reason };
}

/** FCM refuses our access token itself, so that a new one is worth one more try. */
export function refusesAccessToken(answer: FcmAnswer): boolean {
  return answer.status === 401 && readError(answer.body).code !== "THIRD_PARTY_AUTH_ERROR";
}

interface FcmError {
  code: string | undefined;
  /** FCM itself said so, and not the layer in front of it. */
  byFcm: boolean;
  blamesPayload: boolean;
}

function readError(body: unknown): FcmError {
  const error = field(body, "error");
  const details = field(error, "details");
  const parts = Array.isArray(details) ? details : [];
  const typed = (type: string) => parts.find((part) => field(part, "@type") === type);
  const code = field(typed(FCM_ERROR), "errorCode");
  return {
    code: [code, field(error, "status")].find((it) => typeof it === "string")
      ?.slice(0, MAX_REASON_LENGTH),
    byFcm: typeof code === "string",
    blamesPayload: typed(BAD_REQUEST) !== undefined,
  };
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return;
  return (value as Record<string, unknown>)[name];
}
