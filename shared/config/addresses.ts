/**
 * Addresses as `--allow-net` takes them: what a program's permission may be narrowed to.
 *
 * @module
 */

/** Where a program listens. */
export function listenAddress({ hostname, port }: { hostname: string; port: number }): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** The address of a server; `host` and `host:port` are taken for URLs without their scheme. */
export function serverAddress(server: string, defaultPort: number): string {
  const { hostname, port } = new URL(server.includes("://") ? server : `tcp://${server}`);
  return `${hostname}:${port || defaultPort}`;
}

/** The address of an HTTP server. */
export function httpAddress(url: string): string {
  return serverAddress(url, url.startsWith("https:") ? 443 : 80);
}
