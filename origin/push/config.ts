/**
 * What an operator says about push, checked, and the gateways made of it.
 *
 * Invariant: a platform without configuration has no gateway, and its tokens stay untouched.
 * Addresses of providers are the operator's alone, and https outside development. Does not know where
 * the settings come from.
 *
 * @module
 */

import { createPrivateKey } from "node:crypto";
import { createApnsGateway } from "./gateway/apns.ts";
import { createFcmGateway } from "./gateway/fcm.ts";
import type { Platform, PushGateway } from "./gateway/gateway.ts";
import { parseServiceAccount, type ServiceAccount } from "./gateway/service_account.ts";

export interface PushConfig {
  fcm?: FcmConfig;
  apns?: ApnsConfig;
  /** A certificate authority to trust besides the system's: PEM, or a path to it. */
  ca?: string;
}

export interface FcmConfig {
  /** The service account's key file: its path, or the JSON itself. */
  credential: string;
  /** The project, when it is not the service account's own. */
  project?: string;
  url?: string;
}

export interface ApnsConfig {
  /** The `.p8` key: its path, or the PEM itself. */
  key: string;
  keyId: string;
  team: string;
  /** The app's bundle id. */
  topic: string;
  url?: string;
}

export type Gateways = ReadonlyMap<Platform, PushGateway>;

/** Reads a file named by the configuration. @throws {Error} When it cannot be read. */
export type ReadText = (path: string) => string;

/** What is wrong with a configuration, one sentence each; none when gateways can be made of it. */
export function faultsInPushConfig(
  config: PushConfig,
  { development, readText }: { development: boolean; readText: ReadText },
): string[] {
  const faults = [
    faultInUrl("FCM_URL", config.fcm?.url, development),
    faultInUrl("APNS_URL", config.apns?.url, development),
  ];
  const attempt = (check: () => string | undefined) => {
    try {
      faults.push(check());
    } catch (error) {
      faults.push((error as Error).message);
    }
  };
  const { fcm, apns, ca } = config;
  if (fcm) {
    attempt(() => {
      const { tokenUri, privateKey } = readServiceAccount(fcm.credential, readText);
      return faultInKey("FCM_CREDENTIAL", privateKey, "rsa") ??
        faultInUrl("FCM_CREDENTIAL's token_uri", tokenUri, development);
    });
  }
  if (apns) attempt(() => faultInKey("APNS_KEY", readPem(apns.key, "APNS_KEY", readText), "ec"));
  if (ca) attempt(() => void readPem(ca, "PUSH_CA", readText));
  return faults.filter((fault) => fault !== undefined);
}

/** @throws {Error} When `faultsInPushConfig` would name a fault. */
export function createGateways(
  config: PushConfig,
  { wallMs: nowMs, readText }: { wallMs: () => number; readText: ReadText },
): Gateways {
  const gateways = new Map<Platform, PushGateway>();
  const { fcm, apns } = config;
  const ca = config.ca && readPem(config.ca, "PUSH_CA", readText);
  if (fcm) {
    const account = readServiceAccount(fcm.credential, readText);
    const project = fcm.project ?? account.project;
    gateways.set("fcm", createFcmGateway({ project, account, url: fcm.url, ca, nowMs }));
  }
  if (apns) {
    const key = readPem(apns.key, "APNS_KEY", readText);
    gateways.set("apns", createApnsGateway({ ...apns, key, ca, nowMs }));
  }
  return gateways;
}

/** @throws {Error} When it cannot be read, or is none. */
export function readServiceAccount(credential: string, readText: ReadText): ServiceAccount {
  const inline = credential.trimStart().startsWith("{");
  return parseServiceAccount(
    inline ? credential : readFile(credential, "FCM_CREDENTIAL", readText),
  );
}

/** @throws {Error} When it cannot be read, or is no PEM. */
export function readPem(value: string, name: string, readText: ReadText): string {
  const text = value.includes("-----BEGIN") ? value : readFile(value, name, readText);
  if (text.includes("-----BEGIN")) return text;
  throw new TypeError(`Cannot read ${name}: it is not PEM`);
}

function readFile(path: string, name: string, readText: ReadText): string {
  try {
    return readText(path);
  } catch (cause) {
    throw new Error(`Cannot read ${name}: ${(cause as Error).message}`, { cause });
  }
}

function faultInKey(name: string, pem: string, type: "rsa" | "ec"): string | undefined {
  try {
    if (createPrivateKey(pem).asymmetricKeyType === type) return;
  } catch {
    // The parser's message may quote the key.
  }
  return `Cannot use ${name}: it holds no private key of type ${type.toUpperCase()}`;
}

function faultInUrl(name: string, value: string | undefined, development: boolean) {
  if (value === undefined) return;
  const url = URL.parse(value);
  const schemes = development ? ["https:", "http:"] : ["https:"];
  if (url && schemes.includes(url.protocol)) return;
  return `Cannot use ${name}: it must be an ${development ? "http or " : ""}https address`;
}
