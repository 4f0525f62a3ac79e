/**
 * A Google service account: its key file, and the access tokens that it is good for.
 *
 * Invariant: a token is fetched by one request at a time and used until shortly before it expires, or
 * until somebody says that it was refused. The address of the token service is the key file's own
 * `token_uri`.
 *
 * @module
 */

import { importPKCS8, SignJWT } from "jose";

export interface ServiceAccount {
  project: string;
  email: string;
  /** PKCS #8, PEM. */
  privateKey: string;
  tokenUri: string;
}

export interface AccessTokens {
  get(): Promise<string>;
  /** The provider refused this token: the next `get` fetches another. */
  refused(token: string): void;
}

/** The token service answered, and would not give this account a token. */
export class AccessRefused extends Error {
  override name = "AccessRefused";
  constructor(readonly reason: string) {
    super(`Cannot get an access token for FCM: ${reason}`);
  }
}

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const LIFETIME_S = 3600;
const EARLY_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;

/** @throws {TypeError} When the text is no key file of a service account; it names what is missing. */
export function parseServiceAccount(json: string): ServiceAccount {
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(json);
  } catch {
    // The parser's message would quote the file, which holds a key.
    throw new TypeError("Cannot read the FCM credential: it is not JSON");
  }
  const read = (name: string) => {
    const value = file?.[name];
    if (typeof value === "string" && value !== "") return value;
    throw new TypeError(`Cannot read the FCM credential: it has no "${name}"`);
  };
  return {
    project: read("project_id"),
    email: read("client_email"),
    privateKey: read("private_key"),
    tokenUri: read("token_uri"),
  };
}

export function createAccessTokens(
  account: ServiceAccount,
  { client, nowMs }: { client: Deno.HttpClient; nowMs: () => number },
): AccessTokens {
  let current: { token: string; untilMs: number } | undefined;
  let fetching: Promise<string> | undefined;

  async function renew(): Promise<string> {
    const { token, lifetimeMs } = await fetchAccessToken(account, client, nowMs());
    current = { token, untilMs: nowMs() + lifetimeMs - Math.min(EARLY_MS, lifetimeMs / 2) };
    return token;
  }

  return {
    get() {
      if (current && nowMs() < current.untilMs) return Promise.resolve(current.token);
      return fetching ??= renew().finally(() => fetching = undefined);
    },
    refused(token) {
      if (current?.token === token) current = undefined;
    },
  };
}

async function fetchAccessToken(account: ServiceAccount, client: Deno.HttpClient, nowMs: number) {
  const issued = Math.floor(nowMs / 1000);
  const assertion = await new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(account.email)
    .setAudience(account.tokenUri)
    .setIssuedAt(issued)
    .setExpirationTime(issued + LIFETIME_S)
    .sign(await importPKCS8(account.privateKey, "RS256"));
  const response = await fetch(account.tokenUri, {
    method: "POST",
    body: new URLSearchParams({ grant_type: GRANT, assertion }),
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    client,
  });
  const { access_token, expires_in, error } = await readAnswer(response);
  if (response.ok && typeof access_token === "string" && typeof expires_in === "number") {
    return { token: access_token, lifetimeMs: expires_in * 1000 };
  }
  if (response.status < 500 && response.status !== 429) {
    throw new AccessRefused(String(error ?? `http ${response.status}`).slice(0, 64));
  }
  throw new Error(`Cannot get an access token for FCM: http ${response.status}`);
}

async function readAnswer(response: Response): Promise<Record<string, unknown>> {
  try {
    return await response.json();
  } catch {
    // Not the token service's own words: the status alone speaks.
    return {};
  }
}
