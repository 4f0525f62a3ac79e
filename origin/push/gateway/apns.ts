/**
 * Apple's push service, over HTTP/2.
 *
 * Invariant: one connection and at most 100 requests on it at once. A note to a token has one id,
 * however often it is sent. Which answers mean what: `apns_answer.ts`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dataOf, type Note } from "../note.ts";
import { type ApnsAnswer, classifyApns, refusesProviderToken } from "./apns_answer.ts";
import { type ConnectionGuard, createConnectionGuard } from "./connection_guard.ts";
import {
  type IsCurrent,
  MOVED,
  type Outcome,
  type PushGateway,
  type PushTarget,
  TokenMoved,
} from "./gateway.ts";
import { createPermits, type Permits } from "./permits.ts";
import { createProviderTokens, type ProviderKey, type ProviderTokens } from "./provider_token.ts";

export interface ApnsOptions extends ProviderKey {
  /** The app's bundle id. */
  topic: string;
  /** Where APNs is: its production address unless told otherwise. */
  url?: string | undefined;
  /** Trusted besides the system's authorities, PEM. */
  ca?: string | undefined;
  nowMs(): number;
}

interface Request {
  target: PushTarget;
  note: Note;
  signal: AbortSignal;
  isCurrent: IsCurrent;
}

export const APNS_URL = "https://api.push.apple.com";
const MAX_IN_FLIGHT = 100;
const TIMEOUT_MS = 15_000;
const IDLE_MS = 3_600_000;

export function createApnsGateway(options: ApnsOptions): PushGateway {
  return new ApnsGateway(options);
}

class ApnsGateway implements PushGateway {
  readonly platform = "apns";
  #options: ApnsOptions;
  #client: Deno.HttpClient;
  #tokens: ProviderTokens;
  #permits: Permits = createPermits(MAX_IN_FLIGHT);
  #guard: ConnectionGuard;

  constructor(options: ApnsOptions) {
    this.#options = options;
    this.#client = Deno.createHttpClient({
      poolIdleTimeout: IDLE_MS,
      ...(options.ca ? { caCerts: [options.ca] } : {}),
    });
    this.#tokens = createProviderTokens(options, options.nowMs);
    this.#guard = createConnectionGuard(options.nowMs);
  }

  async send(
    target: PushTarget,
    note: Note,
    signal: AbortSignal,
    isCurrent: IsCurrent,
  ): Promise<Outcome> {
    const request = { target, note, signal, isCurrent };
    try {
      return await this.#permits.run(() => this.#send(request), signal);
    } catch (error) {
      if (error instanceof TokenMoved) return MOVED;
      if (signal.aborted) return { kind: "retry", reason: "stopped", scope: "target" };
      const reason = error instanceof Error ? error.name : "unknown";
      return { kind: "retry", reason, scope: "provider" };
    }
  }

  [Symbol.asyncDispose]() {
    this.#client.close();
    return Promise.resolve();
  }

  async #send(request: Request): Promise<Outcome> {
    const ask = async (token: string) => await this.#guard.run(() => this.#ask(request, token));
    const used = await this.#tokens.get();
    const answer = await ask(used);
    const again = refusesProviderToken(answer) && this.#tokens.refused(used);
    const last = again ? await ask(await this.#tokens.get()) : answer;
    return classifyApns(last, this.#options.nowMs());
  }

  async #ask({ target, note, signal, isCurrent }: Request, token: string): Promise<ApnsAnswer> {
    if (!(await isCurrent())) throw new TokenMoved();
    const base = this.#options.url ?? APNS_URL;
    const response = await fetch(new URL(`/3/device/${encodeURIComponent(target.token)}`, base), {
      method: "POST",
      headers: {
        authorization: `bearer ${token}`,
        "content-type": "application/json",
        "apns-topic": this.#options.topic,
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-id": apnsId(target, note),
        "apns-collapse-id": note.collapse,
        "apns-expiration": String(Math.floor(note.expiresAtMs / 1000)),
      },
      body: apnsPayload(note),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      client: this.#client,
    });
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      body: await response.text(),
    };
  }
}

/** A note in Apple's words, at most 4 KB. */
export function apnsPayload(note: Note): string {
  return JSON.stringify({
    aps: {
      alert: { title: note.title, body: note.text },
      sound: "default",
      "thread-id": note.collapse,
      "mutable-content": 1,
    },
    ...dataOf(note),
  });
}

/** A UUID that depends on the token and the event only. */
function apnsId(target: PushTarget, note: Note): string {
  const hash = createHash("sha256").update(`${note.gsid} ${target.token}`).digest("hex");
  return hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-8$3-8$4-$5");
}
