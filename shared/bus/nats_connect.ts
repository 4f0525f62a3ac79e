/**
 * Reaching a NATS server: for the first time, however long it takes, and again whenever it is lost.
 *
 * Invariant: only a refusal ends the attempts. A server that is not there is waited for.
 *
 * @module
 */

import {
  type Authenticator,
  AuthorizationError,
  connect,
  ConnectionError,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  type ServerInfo,
  TimeoutError,
  type TlsOptions,
  usernamePasswordAuthenticator,
} from "@nats-io/transport-node";
import { MAX_MESSAGE_BYTES } from "shared/bus/bus.ts";
import { pause } from "shared/pause.ts";

export type NatsAuth =
  | { kind: "password"; user: string; password: string }
  | { kind: "nkey"; seed: string }
  | { kind: "creds"; creds: string };

export interface NatsOptions {
  servers: string[];
  /** What the server lists the connection as. */
  name: string;
  auth?: NatsAuth;
  tls?: TlsOptions;
  /** Where answers arrive. An own prefix, so that permissions can keep neighbours out of it. */
  inboxPrefix?: string;
  /** Trouble that nobody waits for: refused subjects, a handler that threw, a server not reached. */
  onError: (error: Error) => void;
  /** Ends the attempts to reach a server for the first time. */
  signal?: AbortSignal;
}

const OLDEST_SERVER = [2, 10] as const;
const RECONNECT_WAIT_MS = 200;
const RECONNECT_JITTER_MS = 100;
const CONNECT_TIMEOUT_MS = 5_000;
/** A dead peer is noticed within three of these, though its socket looks alive. */
const PING_INTERVAL_MS = 2_000;

/**
 * Connects, waiting for a server as long as there is none.
 *
 * @throws {Error} When the server refuses the credentials, is older than 2.10 or takes no messages
 * of `MAX_MESSAGE_BYTES`, or on abort.
 */
export async function reachNats(options: NatsOptions): Promise<NatsConnection> {
  const connection = await reach(options);
  const fault = faultIn(connection.info);
  if (fault === undefined) return connection;
  await connection.close();
  throw new Error(`Cannot use the NATS server at ${options.servers.join(",")}: ${fault}`);
}

function faultIn(info: ServerInfo | undefined): string | undefined {
  const { version = "unknown", max_payload = 0 } = info ?? {};
  if (!isSupported(version)) {
    return `it is version ${version}, and ${OLDEST_SERVER.join(".")} or newer is needed`;
  }
  if (max_payload < MAX_MESSAGE_BYTES) {
    return `its max_payload is ${max_payload} bytes, and ${MAX_MESSAGE_BYTES} are needed`;
  }
}

export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor >= OLDEST_SERVER[1]);
}

async function reach(options: NatsOptions): Promise<NatsConnection> {
  const where = options.servers.join(",");
  for (let attempt = 0;; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await connect({
        servers: options.servers,
        name: options.name,
        ...(options.auth && { authenticator: authenticatorOf(options.auth) }),
        ...(options.tls && { tls: options.tls }),
        ...(options.inboxPrefix && { inboxPrefix: options.inboxPrefix }),
        timeout: CONNECT_TIMEOUT_MS,
        maxReconnectAttempts: -1,
        reconnectTimeWait: RECONNECT_WAIT_MS,
        reconnectJitter: RECONNECT_JITTER_MS,
        reconnectJitterTLS: RECONNECT_JITTER_MS,
        pingInterval: PING_INTERVAL_MS,
        // Credentials that are being rotated must not end a connection for good.
        ignoreAuthErrorAbort: true,
        // Two stacks captured for each request would be for errors that we never show.
        noAsyncTraces: true,
      });
    } catch (cause) {
      if (!isUnreached(cause)) {
        const why = cause instanceof AuthorizationError ? "it refused the credentials" : `${cause}`;
        throw new Error(`Cannot connect to NATS at ${where}: ${why}`, { cause });
      }
      if (attempt === 0) {
        options.onError(
          new Error(`Cannot reach NATS at ${where}: trying until it answers`, { cause }),
        );
      }
      await pause(RECONNECT_WAIT_MS + Math.random() * RECONNECT_JITTER_MS, options.signal);
    }
  }
}

/**
 * A server waits two seconds for credentials, and a busy machine may take longer: it then says so
 * with the words of a refusal, though it has seen none.
 */
function isUnreached(error: unknown): boolean {
  if (error instanceof AuthorizationError) return /authentication timeout/i.test(error.message);
  return error instanceof ConnectionError || error instanceof TimeoutError;
}

function authenticatorOf(auth: NatsAuth): Authenticator {
  const utf8 = new TextEncoder();
  switch (auth.kind) {
    case "password":
      return usernamePasswordAuthenticator(auth.user, auth.password);
    case "nkey":
      return nkeyAuthenticator(utf8.encode(auth.seed));
    case "creds":
      return credsAuthenticator(utf8.encode(auth.creds));
  }
}
