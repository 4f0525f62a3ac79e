/**
 * Whether a request becomes a WebSocket, and which format it will speak.
 *
 * Invariant: a page of a foreign origin is refused before the upgrade, so that no browser can be
 * made to open a connection for its user; a request without `Origin` is a native app. Pure.
 *
 * @module
 */

import type { Codec } from "shared/wire/codec.ts";

export const WEBSOCKET_PATH = "/connection/websocket";

/** The formats that this server speaks. */
export interface Codecs {
  json: Codec;
  protobuf?: Codec;
}

/** `"any"`, or serialized origins such as `https://chat.example.com`, in lower case. */
export type AllowedOrigins = "any" | ReadonlySet<string>;

export interface UpgradeRequest {
  /** Path and query. */
  url: string;
  method: string;
  /** As node:http gives them: names in lower case. */
  headers: { readonly [name: string]: string | string[] | undefined };
}

export type UpgradeDecision =
  | { refuse: number; headers?: Record<string, string> }
  | { codec: Codec; protocol?: string };

/** The subprotocols that name a format. A client that offers none speaks JSON. */
const PROTOCOLS = [
  ["centrifuge-protobuf", "protobuf"],
  ["centrifuge-json", "json"],
] as const;

export function decideUpgrade(
  request: UpgradeRequest,
  server: { codecs: Codecs; allowedOrigins: AllowedOrigins; isOpen(): boolean },
): UpgradeDecision {
  const url = URL.parse(request.url, "ws://edge");
  if (url?.pathname !== WEBSOCKET_PATH) return { refuse: 404 };
  if (request.method !== "GET") return { refuse: 405 };
  // ws also takes version 8, whose origin stands in another header, past our check.
  if (request.headers["sec-websocket-version"] !== "13") {
    return { refuse: 426, headers: { "Sec-WebSocket-Version": "13" } };
  }
  if (!isAllowed(request.headers["origin"], server.allowedOrigins)) return { refuse: 403 };
  if (!server.isOpen()) return { refuse: 503 };
  const offered = offeredProtocols(request.headers["sec-websocket-protocol"]);
  for (const [protocol, format] of PROTOCOLS) {
    const codec = server.codecs[format];
    if (codec && offered.includes(protocol)) return { codec, protocol };
  }
  const asked = url.searchParams.get("format") === "protobuf" && server.codecs.protobuf;
  return { codec: asked || server.codecs.json };
}

function isAllowed(origin: string | string[] | undefined, allowed: AllowedOrigins): boolean {
  if (origin === undefined || allowed === "any") return true;
  return typeof origin === "string" && allowed.has(origin.toLowerCase());
}

function offeredProtocols(header: string | string[] | undefined): string[] {
  return (header ?? "").toString().split(",").map((protocol) => protocol.trim());
}
