/**
 * What an answer of APNs means for a push.
 *
 * Invariant: only an answer that speaks of the device token itself prunes it. Whatever may be our
 * own provider token, topic or payload keeps it, or is marked as suspect.
 *
 * @module
 */

import type { Outcome } from "./gateway.ts";
import { readRetryAfter } from "./retry_after.ts";

export interface ApnsAnswer {
  status: number;
  retryAfter?: string | null;
  /** The body as text: empty, or `{"reason","timestamp"?}`. */
  body: string;
}

const CREDENTIALS_PAUSE_MS = 60_000;
/** Reasons are labels of metrics and columns of a table, so no stranger's essay may become one. */
const MAX_REASON_LENGTH = 64;

export function classifyApns(answer: ApnsAnswer, nowMs: number): Outcome {
  const { status } = answer;
  if (status === 200) return { kind: "sent" };
  const { reason = `http ${status}`, timestamp } = readBody(answer.body);
  const asked = readRetryAfter(answer.retryAfter, nowMs);
  const after = asked === undefined ? {} : { afterMs: asked };

  if (status === 410) {
    return { kind: "prune", reason, ...(timestamp === undefined ? {} : { since: timestamp }) };
  }
  if (reason === "BadDeviceToken" || reason === "DeviceTokenNotForTopic") {
    return { kind: "prune", reason, suspect: true };
  }
  if (status === 403) {
    return { kind: "retry", reason, afterMs: CREDENTIALS_PAUSE_MS, scope: "credentials" };
  }
  if (status === 429) {
    const scope = reason === "TooManyRequests" ? "target" : "provider";
    return { kind: "retry", reason, ...after, scope };
  }
  if (status >= 500) return { kind: "retry", reason, ...after, scope: "provider" };
  return { kind: "fail", reason };
}

/** Our provider token has grown too old: a new one is worth one more try. */
export function refusesProviderToken(answer: ApnsAnswer): boolean {
  return answer.status === 403 && readBody(answer.body).reason === "ExpiredProviderToken";
}

function readBody(body: string): { reason?: string; timestamp?: number } {
  try {
    const { reason, timestamp } = JSON.parse(body) as Record<string, unknown>;
    return {
      ...(typeof reason === "string" ? { reason: reason.slice(0, MAX_REASON_LENGTH) } : {}),
      ...(typeof timestamp === "number" ? { timestamp } : {}),
    };
  } catch {
    // An empty body, or one from something in between: the status alone speaks.
    return {};
  }
}
