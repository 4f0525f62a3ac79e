/**
 * Where a server is found: a host and a port.
 *
 * @module
 */

export interface Address {
  hostname: string;
  port: number;
}

/** Of a URL that names its port. */
export function addressOf(url: string): Address {
  const { hostname, port } = new URL(url);
  return { hostname, port: Number(port) };
}

/** For whoever is on this machine: where a server that listens everywhere is found. */
export function hereOf({ hostname, port }: Address): Address {
  return { hostname: { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[hostname] ?? hostname, port };
}

/** As it stands in a URL. */
export function hostOf({ hostname, port }: Address): string {
  return `${hostname}:${port}`;
}
