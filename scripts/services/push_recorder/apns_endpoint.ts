/**
 * APNs: HTTP/2 over TLS and nothing else.
 *
 * Invariant: only a request with a provider token that is signed by our key, names our team and is at
 * most an hour old is accepted. Errors look like Apple's.
 *
 * @module
 */

import { type CryptoKey, errors, jwtVerify } from "jose";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { PushRecord } from "./record.ts";

export interface ApnsEndpointOptions {
  record: PushRecord;
  /** The public half of the provider key. */
  key: CryptoKey;
  team: string;
  topic: string;
  certificate: { cert: string; key: string };
}

export interface ApnsEndpoint extends AsyncDisposable {
  readonly port: number;
  /** How many connections were opened so far. */
  readonly sessions: number;
}

const MAX_PAYLOAD_BYTES = 4096;
const MAX_CONCURRENT_STREAMS = 1000;

interface Refusal {
  status: number;
  reason: string;
  timestamp?: number;
  retryAfterS?: number;
}

export async function startApnsEndpoint(options: ApnsEndpointOptions): Promise<ApnsEndpoint> {
  const open = new Set<ServerHttp2Session>();
  let sessions = 0;
  const server = createSecureServer({
    ...options.certificate,
    settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS },
  });
  server.on("session", (session) => {
    sessions++;
    open.add(session);
    session.on("close", () => open.delete(session));
    session.on("error", () => session.destroy());
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => stream.destroy());
    answer(stream, headers, options).catch(() => stream.destroy());
  });
  const port = await listen(server);
  return {
    port,
    get sessions() {
      return sessions;
    },
    async [Symbol.asyncDispose]() {
      for (const session of open) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Http2SecureServer): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}

async function answer(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  options: ApnsEndpointOptions,
): Promise<void> {
  const body = await text(stream);
  const id = String(headers["apns-id"] ?? crypto.randomUUID());
  const token = /^\/3\/device\/([^/?]+)$/.exec(String(headers[":path"]))?.[1];
  if (token === undefined) return respond(stream, id, { status: 404, reason: "BadPath" });
  const device = decodeURIComponent(token);
  const refusal = await faultOfSender(headers, options) ?? faultOfNote(headers, body, options) ??
    planned(device, options);
  const payload = parse(body);
  options.record.add({
    platform: "apns",
    token: device,
    status: refusal?.status ?? 200,
    ...(refusal ? { reason: refusal.reason } : {}),
    payload,
    headers: ownHeaders(headers),
  }, payload);
  respond(stream, id, refusal);
}

async function faultOfSender(
  headers: IncomingHttpHeaders,
  { key, team }: ApnsEndpointOptions,
): Promise<Refusal | undefined> {
  const bearer = /^bearer (.+)$/i.exec(String(headers["authorization"] ?? ""))?.[1];
  if (!bearer) return { status: 403, reason: "MissingProviderToken" };
  try {
    const check = { algorithms: ["ES256"], issuer: team, maxTokenAge: "1h", clockTolerance: 5 };
    const { protectedHeader } = await jwtVerify(bearer, key, check);
    if (!protectedHeader.kid) return { status: 403, reason: "InvalidProviderToken" };
  } catch (error) {
    const expired = error instanceof errors.JWTExpired;
    return { status: 403, reason: expired ? "ExpiredProviderToken" : "InvalidProviderToken" };
  }
}

function faultOfNote(
  headers: IncomingHttpHeaders,
  body: string,
  { topic }: ApnsEndpointOptions,
): Refusal | undefined {
  if (headers["apns-topic"] !== topic) return { status: 400, reason: "BadTopic" };
  if (!headers["apns-push-type"]) return { status: 400, reason: "InvalidPushType" };
  if (String(headers["apns-collapse-id"] ?? "").length > 64) {
    return { status: 400, reason: "BadCollapseId" };
  }
  if (new TextEncoder().encode(body).length > MAX_PAYLOAD_BYTES) {
    return { status: 413, reason: "PayloadTooLarge" };
  }
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

function ownHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith("apns-"));
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
}

function respond(stream: ServerHttp2Stream, id: string, refusal: Refusal | undefined): void {
  if (!refusal) {
    stream.respond({ ":status": 200, "apns-id": id });
    return void stream.end();
  }
  const { status, reason, retryAfterS } = refusal;
  const timestamp = status === 410 ? { timestamp: refusal.timestamp ?? Date.now() } : {};
  stream.respond({
    ":status": status,
    "apns-id": id,
    ...(retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) }),
  });
  stream.end(JSON.stringify({ reason, ...timestamp }));
}
