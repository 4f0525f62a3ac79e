/**
 * The token by which we show APNs who we are.
 *
 * Invariant: one token serves every request for 45 minutes. Apple refuses tokens older than an hour,
 * and senders that make a new one more often than every 20 minutes.
 *
 * @module
 */

import { importPKCS8, SignJWT } from "jose";

export interface ProviderKey {
  /** PKCS #8, PEM: the `.p8` file. */
  key: string;
  keyId: string;
  team: string;
}

export interface ProviderTokens {
  get(): Promise<string>;
  /** APNs called this token expired. Answers whether the next `get` gives another one. */
  refused(token: string): boolean;
}

const LIFETIME_MS = 45 * 60_000;
const RENEWAL_EVERY_MS = 20 * 60_000;

export function createProviderTokens(key: ProviderKey, nowMs: () => number): ProviderTokens {
  let current: { token: string; untilMs: number } | undefined;
  let making: Promise<string> | undefined;
  let renewedAtMs = -Infinity;

  async function make(): Promise<string> {
    const madeAtMs = nowMs();
    const token = await sign(key, madeAtMs);
    current = { token, untilMs: madeAtMs + LIFETIME_MS };
    return token;
  }

  return {
    get() {
      if (current && nowMs() < current.untilMs) return Promise.resolve(current.token);
      return making ??= make().finally(() => making = undefined);
    },
    refused(token) {
      if (current?.token !== token) return true;
      if (nowMs() - renewedAtMs < RENEWAL_EVERY_MS) return false;
      renewedAtMs = nowMs();
      current = undefined;
      return true;
    },
  };
}

async function sign({ key, keyId, team }: ProviderKey, nowMs: number): Promise<string> {
  return await new SignJWT()
    .setProtectedHeader({ alg: "ES256", kid: keyId })
    .setIssuer(team)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .sign(await importPKCS8(key, "ES256"));
}
