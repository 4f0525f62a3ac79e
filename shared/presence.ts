/**
 * How presence lies in Redis: one hash per boot of an edge, written by that edge alone.
 *
 * Invariant: every key has a time to live, renewed by the edge's heartbeat, so that what a dead
 * edge wrote is gone after `PRESENCE_TTL_S`. `marker` is written only together with the whole hash:
 * a hash without it says nothing. Unknown is not offline.
 *
 * @module
 */

import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";

/** Sorted set: replica → the time (ms since 1970) at which its entries run out. */
export const REPLICAS_KEY = "replicas";
export const MARKER_FIELD = "marker";

export function replicaKey(replica: string): string {
  return `on:${replica}`;
}

/** Prefixed, so that no user id can be the marker. */
export function userField(user: UserId): string {
  return `u:${user}`;
}

export interface PresentDevice {
  device: DeviceId;
  connection: ConnectionId;
  foreground: boolean;
}

/** The value of a user's field. */
export function encodeDevices(devices: PresentDevice[]): string {
  return JSON.stringify(devices.map((d) => [d.device, d.connection, d.foreground ? 1 : 0]));
}

/** @throws {SyntaxError | TypeError} When the value is not one that `encodeDevices` wrote. */
export function decodeDevices(value: string): PresentDevice[] {
  return (JSON.parse(value) as [DeviceId, ConnectionId, 0 | 1][]).map(
    ([device, connection, foreground]) => ({ device, connection, foreground: foreground === 1 }),
  );
}
