/**
 * The public keys of the token issuer, fetched from its JWKS URL.
 *
 * Invariant: at most one fetch per `COOLDOWN_MS`, whatever clients send; keys once fetched serve
 * on through an outage of the issuer. Only the configured URL is ever fetched.
 *
 * @module
 */

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { type Keys, KeysUnavailable } from "./keys.ts";

/** The least time between two fetches, failed ones included. */
export const COOLDOWN_MS = 30_000;
/** Keys older than this are fetched anew, in the background. */
export const REFRESH_MS = 10 * 60_000;
const FETCH_TIMEOUT_MS = 3000;
/** A key is less than 2 KiB. */
export const MAX_KEY_SET_BYTES = 256 * 1024;

export interface KeySetOptions {
  url: string;
  nowMs(): number;
  fetch?: typeof fetch;
  /** A fetch that failed. */
  onFault(error: unknown): void;
}

/** RS256, ES256 and EdDSA, by the keys of a JWKS URL. */
export function keySetKeys(options: KeySetOptions): Keys {
  const keySet = new KeySet(options);
  return { algorithms: ["RS256", "ES256", "EdDSA"], find: keySet.find };
}

class KeySet {
  readonly #options: KeySetOptions;
  #keys: JWTVerifyGetKey | undefined;
  #fetchedAtMs = -Infinity;
  #triedAtMs = -Infinity;
  #fetching: Promise<void> | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (!this.#keys) await this.#refresh();
    else if (this.#options.nowMs() - this.#fetchedAtMs > REFRESH_MS) {
      this.#refresh().catch(() => {});
    }
    try {
      return await this.#keys!(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // A new key of a rotation, or nonsense: only what the issuer says now can tell.
      await this.#refresh();
      return await this.#keys!(header, token);
    }
  };

  /** @throws {KeysUnavailable} When keys were asked for just now, or cannot be had. */
  #refresh(): Promise<void> {
    if (this.#fetching) return this.#fetching;
    const sinceMs = this.#options.nowMs() - this.#triedAtMs;
    if (sinceMs < COOLDOWN_MS) {
      return Promise.reject(new KeysUnavailable("its key is unknown; keys are fetched again soon"));
    }
    this.#triedAtMs = this.#options.nowMs();
    this.#fetching = this.#fetch().finally(() => this.#fetching = undefined);
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    try {
      this.#keys = createLocalJWKSet((await fetchKeySet(this.#options)).keySet);
      this.#fetchedAtMs = this.#options.nowMs();
    } catch (cause) {
      this.#options.onFault(cause);
      throw new KeysUnavailable("the issuer's keys cannot be fetched", { cause });
    }
  }
}

/**
 * What the issuer publishes now, and what it says the time is.
 *
 * @throws {Error} When it cannot be had, or is too long, or no JSON.
 */
export async function fetchKeySet(
  { url, fetch: fetchIt = fetch }: Pick<KeySetOptions, "url" | "fetch">,
): Promise<{ keySet: JSONWebKeySet; date: string | null }> {
  const response = await fetchIt(url, {
    redirect: "error",
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    headers: { accept: "application/json" },
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the JWKS URL answered ${response.status}`);
  }
  const keySet = JSON.parse(await readText(response, MAX_KEY_SET_BYTES)) as JSONWebKeySet;
  return { keySet, date: response.headers.get("date") };
}

/** @throws {Error} When there is more of it than `maxBytes`: it is not read any further. */
async function readText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "", bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the JWKS URL answered more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
