/**
 * Where something is: on this machine, or across a network that others may listen on.
 *
 * Pure.
 *
 * @module
 */

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** Of a URL, or of `host:port`. */
export function isOnThisMachine(address: string): boolean {
  const url = URL.parse(address.includes("://") ? address : `tcp://${address}`);
  return url !== null && LOOPBACK.test(url.hostname);
}

/** Without user and password. */
export function placeOf(address: string): string {
  const url = URL.parse(address.includes("://") ? address : `tcp://${address}`);
  return url?.host || "the address";
}
