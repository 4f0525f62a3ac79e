/**
 * FCM's HTTP v1 API and the token service beside it, over TLS.
 *
 * Invariant: only a request with an access token that the token service gave out is accepted, and
 * that gives one out only for an assertion signed by the service account's key. Errors look like
 * Google's.
 *
 * @module
 */

import { type CryptoKey, jwtVerify } from "jose";
import type { PlannedAnswer, PushRecord } from "./record.ts";

export interface FcmEndpointOptions {
  record: PushRecord;
  project: string;
  /** The public half of the service account's key. */
  key: CryptoKey;
}

const FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const STATUS_NAMES: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

type Refusal = Omit<PlannedAnswer, "platform" | "token">;
const UNAUTHENTICATED: Refusal = { status: 401, reason: "UNAUTHENTICATED" };

export function fcmEndpoint(options: FcmEndpointOptions): (request: Request) => Promise<Response> {
  const accessTokens = new Set<string>();
  const sendPath = `/v1/projects/${options.project}/messages:send`;
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname === "/token") {
      return await giveAccessToken(request, options.key, accessTokens);
    }
    if (request.method === "POST" && pathname === sendPath) {
      return await accept(request, options.record, accessTokens);
    }
    return googleError(404, "Requested entity was not found.");
  };
}

async function giveAccessToken(request: Request, key: CryptoKey, accessTokens: Set<string>) {
  const form = new URLSearchParams(await request.text());
  try {
    await jwtVerify(form.get("assertion") ?? "", key, {
      algorithms: ["RS256"],
      audience: request.url,
      requiredClaims: ["iss", "iat", "exp", "scope"],
    });
  } catch (error) {
    const description = (error as Error).message;
    return Response.json({ error: "invalid_grant", error_description: description }, {
      status: 400,
    });
  }
  const token = `ya29.${crypto.randomUUID()}`;
  accessTokens.add(token);
  return Response.json({ access_token: token, expires_in: 3599, token_type: "Bearer" });
}

async function accept(request: Request, record: PushRecord, accessTokens: Set<string>) {
  const bearer = request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "";
  const message = parseMessage(await request.text());
  if (typeof message?.token !== "string") return googleError(400, "The message has no token.");
  const refusal = accessTokens.has(bearer) ? record.next("fcm", message.token) : UNAUTHENTICATED;
  record.add({
    platform: "fcm",
    token: message.token,
    status: refusal?.status ?? 200,
    ...(refusal?.reason === undefined ? {} : { reason: refusal.reason }),
    payload: message,
    headers: {},
  }, message.data);
  if (refusal === UNAUTHENTICATED) return googleError(401, "Invalid authentication credentials.");
  if (refusal) return plannedError(refusal);
  const name = new URL(request.url).pathname.slice(4).replace(":send", `/${crypto.randomUUID()}`);
  return Response.json({ name });
}

function parseMessage(text: string): { token?: unknown; data?: unknown } | undefined {
  try {
    return JSON.parse(text).message;
  } catch {
    // Answered as a request without a message.
  }
}

function plannedError({ status, reason, retryAfterS }: Refusal): Response {
  const details = reason === undefined ? [] : [{ "@type": FCM_ERROR, errorCode: reason }];
  const headers = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
  return googleError(status, reason ?? `status ${status}`, details, headers);
}

function googleError(
  status: number,
  message: string,
  details: unknown[] = [],
  headers: Record<string, string> = {},
): Response {
  const name = STATUS_NAMES[status] ?? "UNKNOWN";
  return Response.json({ error: { code: status, message, status: name, details } }, {
    status,
    headers,
  });
}
