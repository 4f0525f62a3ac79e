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

/** As it stands in a URL. */
export function hostOf({ hostname, port }: Address): string {
  return `${hostname}:${port}`;
}
