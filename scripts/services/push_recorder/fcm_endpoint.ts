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
import { isPossibleToken, type PlannedAnswer, type PushRecord } from "./record.ts";

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
const INVALID_TOKEN: Refusal = { status: 400, reason: "INVALID_ARGUMENT" };
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
    if (request.method === "POST" && SEND_PATH.test(pathname)) return foreignProject(pathname);
    return googleError(404, "Requested entity was not found.");
  };
}

const SEND_PATH = /^\/v1\/projects\/[^/]+\/messages:send$/;

/** Google does not tell strangers whether a project exists. */
function foreignProject(pathname: string): Response {
  const project = pathname.split("/")[3];
  return googleError(
    403,
    "Permission 'cloudmessaging.messages.create' denied on resource " +
      `'//cloudresourcemanager.googleapis.com/projects/${project}' (or it may not exist).`,
  );
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
  const { message, validate_only: dryRun } = parse(await request.text());
  if (typeof message?.token !== "string") return googleError(400, "The message has no token.");
  const refusal = refusalOf(message.token, record, accessTokens.has(bearer));
  // Nobody is pushed to by a dry run.
  if (dryRun !== true) {
    record.add({
      platform: "fcm",
      token: message.token,
      status: refusal?.status ?? 200,
      ...(refusal?.reason === undefined ? {} : { reason: refusal.reason }),
      payload: message,
      headers: {},
    }, message.data);
  }
  if (refusal === UNAUTHENTICATED) return googleError(401, "Invalid authentication credentials.");
  if (refusal) return plannedError(refusal);
  return Response.json({ name: `${messagesOf(request)}/${crypto.randomUUID()}` });
}

function refusalOf(token: string, record: PushRecord, isKnown: boolean): Refusal | undefined {
  if (!isKnown) return UNAUTHENTICATED;
  return isPossibleToken(token) ? record.next("fcm", token) : INVALID_TOKEN;
}

/** `projects/<project>/messages` */
function messagesOf({ url }: Request): string {
  return new URL(url).pathname.slice(4).replace(":send", "");
}

interface SendRequest {
  message?: { token?: unknown; data?: unknown };
  validate_only?: unknown;
}

function parse(text: string): SendRequest {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    // Answered as a request without a message.
    return {};
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
