/**
 * Who talks to whom in a system, and how something is put between two of them.
 *
 * Invariant: a program is told of nothing else by it: the same setting holds another address. Left
 * alone, everybody talks to everybody directly.
 *
 * @module
 */

import { type Address, addressOf, hostOf } from "../services/address.ts";

/** Somebody who connects, and what it connects to. */
export interface Link {
  /** An edge or origin by its id, or `clients`. */
  from: string;
  /** A service, or an edge by its id. */
  to: string;
}

type Service = "postgres" | "nats" | "redis" | "fcm" | "apns";

/** Where `from` is to find `to`, which is at `address`. Asked again, it gives the same answer. */
export type Through = (link: Link, address: Address) => Address;

/** Which setting says where a service is, and which others name its address too. */
const SETTINGS: Record<Service, readonly [string, ...string[]]> = {
  postgres: ["DATABASE_URL"],
  nats: ["NATS_URL"],
  redis: ["UPSTASH_REDIS_REST_URL"],
  fcm: ["FCM_URL", "FCM_CREDENTIAL"],
  apns: ["APNS_URL"],
};

/** A program's settings, with the addresses that it is to use. */
export function relink(
  settings: Record<string, string>,
  from: string,
  through: Through,
): Record<string, string> {
  const linked = { ...settings };
  for (const [to, names] of Object.entries(SETTINGS)) {
    const url = settings[names[0]];
    if (!url) continue;
    const address = addressOf(url);
    const instead = hostOf(through({ from, to }, address));
    for (const name of names) {
      const before = settings[name];
      if (before) linked[name] = before.replaceAll(hostOf(address), instead);
    }
  }
  return linked;
}
