/**
 * Which addresses an edge needs: what its permission to use the network may be narrowed to.
 *
 * Invariant: everything an edge listens on or connects to is here, and the database is not.
 *
 * @module
 */

import { httpAddress, listenAddress, serverAddress } from "shared/config/addresses.ts";
import type { EdgeConfig } from "./config.ts";

const NATS_PORT = 4222;

/** Each as `host:port`, the way `--allow-net` takes them. */
export function networkOf(config: EdgeConfig): string[] {
  const { listen, internal, nats, redis, tokens } = config;
  return [
    ...[listen, internal].map(listenAddress),
    ...nats.servers.map((server) => serverAddress(server, NATS_PORT)),
    httpAddress(redis.url),
    ..."jwksUrl" in tokens.keys ? [httpAddress(tokens.keys.jwksUrl)] : [],
  ];
}
