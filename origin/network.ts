/**
 * Which addresses an origin needs: what its permission to use the network may be narrowed to.
 *
 * Invariant: everything an origin listens on or connects to is here. Push goes to the providers
 * that are configured; the token service of a Google account is taken to be Google's own, or to
 * be where `FCM_URL` says.
 *
 * @module
 */

import { httpAddress, listenAddress, serverAddress } from "shared/config/addresses.ts";
import type { OriginConfig } from "./config.ts";
import { APNS_URL } from "./push/gateway/apns.ts";

const NATS_PORT = 4222;
const POSTGRES_PORT = 5432;
const GOOGLE_URLS = ["https://fcm.googleapis.com", "https://oauth2.googleapis.com"];

/** Each as `host:port`, the way `--allow-net` takes them. */
export function networkOf(config: OriginConfig): string[] {
  const { api, internal, database, nats, redis, push } = config;
  return [
    ...[api, internal].map(listenAddress),
    serverAddress(database.url, POSTGRES_PORT),
    ...nats.servers.map((server) => serverAddress(server, NATS_PORT)),
    httpAddress(redis.url),
    ...(push.fcm ? push.fcm.url ? [push.fcm.url] : GOOGLE_URLS : []).map(httpAddress),
    ...(push.apns ? [httpAddress(push.apns.url ?? APNS_URL)] : []),
  ];
}
