/**
 * Which addresses an edge needs: what its permission to use the network may be narrowed to.
 *
 * Invariant: everything an edge listens on or connects to is here, and the database is not.
 *
 * @module
 */

import type { EdgeConfig } from "./config.ts";

const NATS_PORT = "4222";

/** Each as `host:port`, the way `--allow-net` takes them. */
export function networkOf(config: EdgeConfig): string[] {
  const { listen, internal, nats, redis, tokens } = config;
  const remote = [redis.url, ..."jwksUrl" in tokens.keys ? [tokens.keys.jwksUrl] : []];
  return [
    ...[listen, internal].map(({ hostname, port }) => `${bracketed(hostname)}:${port}`),
    ...nats.servers.map((server) => addressOf(server, NATS_PORT)),
    ...remote.map((url) => addressOf(url, url.startsWith("https:") ? "443" : "80")),
  ];
}

function addressOf(server: string, defaultPort: string): string {
  const { hostname, port } = new URL(server.includes("://") ? server : `nats://${server}`);
  return `${hostname}:${port || defaultPort}`;
}

function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
