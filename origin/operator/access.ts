/**
 * Who may look up users, and who may act.
 *
 * Invariant: acting needs the admin key, so where none is set nobody acts. What is told of users
 * needs it too; where none is set, only this machine is told, as whoever is on it could ask the
 * server API with the key of the origin's environment. There are no cookies: a page elsewhere has
 * nothing to ride on. Pure.
 *
 * @module
 */

import { isSameSecret } from "shared/http/secret.ts";

export interface AccessRules {
  adminKey: string | null;
  /** What the internal port binds to. */
  hostname: string;
}

export interface Asked {
  /** The header `X-Admin-Key`. */
  key: string | undefined;
  /** The header `Host`: a name that was made to point here is no name of this machine. */
  host: string | undefined;
}

export function mayAct({ adminKey }: AccessRules, { key }: Asked): boolean {
  return adminKey !== null && isSameSecret(key, adminKey);
}

export function mayLookUp(rules: AccessRules, asked: Asked): boolean {
  if (rules.adminKey !== null) return mayAct(rules, asked);
  return isLoopback(rules.hostname) && isLoopback(hostnameOf(asked.host ?? ""));
}

function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
