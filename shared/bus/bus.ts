/**
 * The bus between edges and origins: publish, subscribe, request.
 *
 * Guarantees: at most once, and nothing more. A message published or requested while the
 * connection is down is lost; messages of one publisher on one subject arrive in order. Whatever
 * must hold is made to hold by the two auditors that read the database.
 *
 * @module
 */

import type { Traceparent } from "shared/tracing/traceparent.ts";

/**
 * What one message may hold: every server must take as much. The default of NATS, which advises
 * against more.
 */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

export interface BusMessage {
  subject: string;
  data: Uint8Array;
  /** Who asks: one word for each connection to the bus. Left out for what is no request. */
  readonly sender?: string | undefined;
  /** Where its message is on its way, if that is traced: as a header carries it. */
  readonly traceparent?: Traceparent | undefined;
  /** Answers a request. Must never be called for a message of a captured (`chat.>`) subject. */
  respond(data: Uint8Array): void;
}

export interface BusSubscription {
  unsubscribe(): void;
}

export interface PublishOptions {
  messageId?: string;
  traceparent?: Traceparent | undefined;
}

export type BusStatus = "connected" | "disconnected";

/** No origin answered: there was none, or none in time. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

export interface Bus extends AsyncDisposable {
  readonly status: BusStatus;
  publish(subject: string, data: Uint8Array, options?: PublishOptions): void;
  /** With `queue`, each message goes to one subscriber of that name. */
  subscribe(
    subject: string,
    handle: (message: BusMessage) => void,
    options?: { queue?: string },
  ): BusSubscription;
  /** @throws {NoAnswer} */
  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** All answers to a request that many may answer, until `waitMs` has passed. */
  requestMany(subject: string, data: Uint8Array, waitMs: number): Promise<Uint8Array[]>;
  /** Resolves when the server has everything sent so far, subscriptions included. */
  flush(): Promise<void>;
  onStatus(handle: (status: BusStatus) => void): void;
  /** Handles what has arrived, sends what is queued, then closes. */
  drain(): Promise<void>;
}
