/**
 * Firebase Cloud Messaging, by its Admin SDK.
 *
 * Invariant: one call is one request. The SDK's own retries are off, since it would hold a job for
 * minutes where the queue can wait. Only `send` is used, which speaks HTTP/1.1: the HTTP/2 transport
 * behind `sendEach` opens a new TLS session for each call. No request waits for a socket, since its
 * token could move on meanwhile. Which answers mean what: `fcm_answer.ts`.
 *
 * The SDK reads two environment variables, which the program must be allowed to read:
 * `GOOGLE_SDK_NODE_LOGGING` at import, `GOOGLE_CLOUD_QUOTA_PROJECT` at each send.
 *
 * @module
 */

import { type App, deleteApp, FirebaseError, initializeApp } from "firebase-admin/app";
import { getMessaging, type Messaging, type TokenMessage } from "firebase-admin/messaging";
import { Agent } from "node:https";
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { dataOf, type Note } from "../note.ts";
import { classifyFcm, type FcmAnswer, refusesAccessToken } from "./fcm_answer.ts";
import {
  type IsCurrent,
  MOVED,
  type Outcome,
  type PushGateway,
  type PushTarget,
  TokenMoved,
} from "./gateway.ts";
import { createPermits, type Permits } from "./permits.ts";
import {
  AccessRefused,
  type AccessTokens,
  createAccessTokens,
  type ServiceAccount,
} from "./service_account.ts";

export interface FcmOptions {
  project: string;
  account: ServiceAccount;
  /** Where FCM is: its public address unless told otherwise. */
  url?: string | undefined;
  /** Trusted besides the system's authorities, PEM. */
  ca?: string | undefined;
  nowMs(): number;
}

const MAX_SOCKETS = 100;
const CREDENTIALS_PAUSE_MS = 60_000;

export function createFcmGateway(options: FcmOptions): PushGateway {
  const client = Deno.createHttpClient(options.ca ? { caCerts: [options.ca] } : {});
  const tokens = createAccessTokens(options.account, { client, nowMs: options.nowMs });
  const agent = createAgent(options);
  const app = initializeApp({
    projectId: options.project,
    httpAgent: agent,
    credential: {
      // Never worth keeping, by its age: so the SDK asks each time, and a refused token can be replaced.
      getAccessToken: async () => ({ access_token: await tokens.get(), expires_in: 0 }),
    },
  }, `push-${crypto.randomUUID()}`);
  return new FcmGateway({ app, tokens, agent, client, nowMs: options.nowMs });
}

interface Parts {
  app: App;
  tokens: AccessTokens;
  agent: Agent;
  client: Deno.HttpClient;
  nowMs(): number;
}

class FcmGateway implements PushGateway {
  readonly platform = "fcm";
  #parts: Parts;
  #messaging: Messaging;
  #permits: Permits = createPermits(MAX_SOCKETS);

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#messaging = getMessaging(parts.app);
    switchOffRetries(this.#messaging);
  }

  async send(
    target: PushTarget,
    note: Note,
    signal: AbortSignal,
    isCurrent: IsCurrent,
  ): Promise<Outcome> {
    const message = () => fcmMessage(target.token, note, this.#parts.nowMs());
    try {
      return await this.#permits.run(() => this.#send(message, signal, isCurrent), signal);
    } catch (error) {
      if (error instanceof TokenMoved) return MOVED;
      if (signal.aborted) return { kind: "retry", reason: "stopped", scope: "target" };
      if (error instanceof AccessRefused) {
        const { reason } = error;
        return { kind: "retry", reason, afterMs: CREDENTIALS_PAUSE_MS, scope: "credentials" };
      }
      return { kind: "retry", reason: reasonOf(error), scope: "provider" };
    }
  }

  async [Symbol.asyncDispose]() {
    this.#parts.agent.destroy();
    this.#parts.client.close();
    await deleteApp(this.#parts.app);
  }

  async #send(
    message: () => TokenMessage,
    signal: AbortSignal,
    isCurrent: IsCurrent,
  ): Promise<Outcome> {
    const { tokens, nowMs } = this.#parts;
    const ask = async () => {
      const used = await tokens.get();
      if (!(await isCurrent())) throw new TokenMoved();
      return { used, answer: await orAborted(this.#ask(message()), signal) };
    };
    let { used, answer } = await ask();
    if (refusesAccessToken(answer)) {
      tokens.refused(used);
      ({ used, answer } = await ask());
    }
    return classifyFcm(answer, nowMs());
  }

  async #ask(message: TokenMessage): Promise<FcmAnswer> {
    try {
      const name = await this.#messaging.send(message);
      return { status: 200, body: { name } };
    } catch (error) {
      if (!(error instanceof FirebaseError) || !error.httpResponse) throw error;
      const { status, headers, data } = error.httpResponse;
      return { status, retryAfter: headers["retry-after"], body: data };
    }
  }
}

/** A note in FCM's words; FCM passes on what is for Android, Apple or a browser. */
export function fcmMessage(token: string, note: Note, nowMs: number): TokenMessage {
  const leftMs = Math.max(0, note.expiresAtMs - nowMs);
  return {
    token,
    notification: { title: note.title, body: note.text },
    data: dataOf(note),
    android: {
      priority: "high",
      ttl: leftMs,
      collapseKey: note.collapse,
      notification: { tag: note.collapse },
    },
    apns: {
      headers: {
        "apns-priority": "10",
        "apns-collapse-id": note.collapse,
        "apns-expiration": String(Math.floor(note.expiresAtMs / 1000)),
      },
      payload: { aps: { threadId: note.collapse, mutableContent: true, sound: "default" } },
    },
    webpush: {
      headers: { TTL: String(Math.floor(leftMs / 1000)), Urgency: "high" },
      notification: { tag: note.collapse },
    },
  };
}

/** Keeps connections alive; with an address of our own it dials that one, whatever the SDK asks. */
function createAgent({ url, ca }: Pick<FcmOptions, "url" | "ca">): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, ...(ca ? { ca } : {}) });
  if (!url) return agent;
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const secure = protocol === "https:";
  const address = { host, port: Number(port) || (secure ? 443 : 80) };
  // TLS knows no server names that are addresses; the certificate is checked against `host` then.
  const tls = { ...address, ...(isIP(host) ? {} : { servername: host }), ...(ca ? { ca } : {}) };
  return Object.assign(agent, {
    createConnection: () => secure ? connectTls(tls) : connectTcp(address),
  });
}

/**
 * The SDK repeats a 503 four times, the first time at once, and sleeps through its Retry-After. It
 * has no option for that, only this field.
 *
 * @throws {TypeError} When another version of the SDK keeps it elsewhere.
 */
function switchOffRetries(messaging: Messaging): void {
  const inside = messaging as unknown as {
    messagingRequestHandler?: { httpClient?: { retry?: unknown } };
  };
  const client = inside.messagingRequestHandler?.httpClient;
  if (!client?.retry) {
    throw new TypeError("Cannot use firebase-admin: this version keeps its retries elsewhere");
  }
  client.retry = null;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", abort));
}

function reasonOf(error: unknown): string {
  if (error instanceof FirebaseError) return error.code.slice(0, 64);
  return error instanceof Error ? error.name : "unknown";
}
