/**
 * APNs: HTTP/2 over TLS and nothing else.
 *
 * Invariant: only a request with a provider token that is signed by our key, names our team and is at
 * most an hour old is accepted. Errors look like Apple's. Not on `node:http2`, whose server aborts
 * the process now and then when a busy connection closes.
 *
 * @module
 */

import { type CryptoKey, errors, jwtVerify } from "jose";
import { isPossibleToken, type PushRecord } from "./record.ts";

export interface ApnsEndpointOptions {
  record: PushRecord;
  /** The public half of the provider key. */
  key: CryptoKey;
  keyId: string;
  team: string;
  topic: string;
}

export interface ApnsEndpoint {
  handle(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Promise<Response>;
  /** How many connections have sent something so far. */
  readonly connections: number;
}

const MAX_PAYLOAD_BYTES = 4096;

interface Refusal {
  status: number;
  reason: string;
  timestamp?: number;
  retryAfterS?: number;
}

export function apnsEndpoint(options: ApnsEndpointOptions): ApnsEndpoint {
  const ports = new Set<number>();
  return {
    async handle(request, { remoteAddr }) {
      ports.add(remoteAddr.port);
      return await answer(request, options);
    },
    get connections() {
      return ports.size;
    },
  };
}

async function answer(request: Request, options: ApnsEndpointOptions): Promise<Response> {
  const { headers } = request;
  // Where HTTP/1.1 names the host in a header, HTTP/2 has a field of its own.
  if (headers.has("host")) return new Response("APNs speaks HTTP/2 only", { status: 505 });
  const body = await request.text();
  const token = /^\/3\/device\/([^/]+)$/.exec(new URL(request.url).pathname)?.[1];
  if (token === undefined) return respond(headers, { status: 404, reason: "BadPath" });
  const device = decodeURIComponent(token);
  const refusal = await faultOfSender(headers, options) ?? faultOfNote(headers, body, options) ??
    faultOfDevice(device) ?? planned(device, options);
  const payload = parse(body);
  options.record.add({
    platform: "apns",
    token: device,
    status: refusal?.status ?? 200,
    ...(refusal ? { reason: refusal.reason } : {}),
    payload,
    headers: Object.fromEntries([...headers].filter(([name]) => name.startsWith("apns-"))),
  }, payload);
  return respond(headers, refusal);
}

async function faultOfSender(
  headers: Headers,
  { key, keyId, team }: ApnsEndpointOptions,
): Promise<Refusal | undefined> {
  const bearer = /^bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (!bearer) return { status: 403, reason: "MissingProviderToken" };
  try {
    const check = { algorithms: ["ES256"], issuer: team, maxTokenAge: "1h", clockTolerance: 5 };
    const { protectedHeader } = await jwtVerify(bearer, key, check);
    if (protectedHeader.kid !== keyId) return { status: 403, reason: "InvalidProviderToken" };
  } catch (error) {
    const expired = error instanceof errors.JWTExpired;
    return { status: 403, reason: expired ? "ExpiredProviderToken" : "InvalidProviderToken" };
  }
}

function faultOfNote(
  headers: Headers,
  body: string,
  { topic }: ApnsEndpointOptions,
): Refusal | undefined {
  if (!headers.has("apns-topic")) return { status: 400, reason: "MissingTopic" };
  if (headers.get("apns-topic") !== topic) return { status: 400, reason: "TopicDisallowed" };
  if (!headers.has("apns-push-type")) return { status: 400, reason: "InvalidPushType" };
  if ((headers.get("apns-collapse-id") ?? "").length > 64) {
    return { status: 400, reason: "BadCollapseId" };
  }
  if (new TextEncoder().encode(body).length > MAX_PAYLOAD_BYTES) {
    return { status: 413, reason: "PayloadTooLarge" };
  }
}

function faultOfDevice(token: string): Refusal | undefined {
  if (!isPossibleToken(token)) return { status: 400, reason: "BadDeviceToken" };
}

function planned(token: string, { record }: ApnsEndpointOptions): Refusal | undefined {
  const answer = record.next("apns", token);
  if (answer) return { ...answer, reason: answer.reason ?? "Unknown" };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function respond(request: Headers, refusal: Refusal | undefined): Response {
  const headers = new Headers({ "apns-id": request.get("apns-id") ?? crypto.randomUUID() });
  if (!refusal) return new Response(null, { headers });
  const { status, reason, retryAfterS } = refusal;
  if (retryAfterS !== undefined) headers.set("retry-after", String(retryAfterS));
  const timestamp = status === 410 ? { timestamp: refusal.timestamp ?? Date.now() } : {};
  return Response.json({ reason, ...timestamp }, { status, headers });
}
