/**
 * The bus over NATS.
 *
 * Invariant: nothing that NATS does ends the program. A lost connection is tried again for ever,
 * every 200 to 300 ms; meanwhile publishing does nothing and requests find no answer. Knows neither
 * subjects nor what the messages say.
 *
 * @module
 */

import {
  headers,
  InvalidArgumentError,
  type Msg,
  type NatsConnection,
  type Status,
} from "@nats-io/transport-node";
import {
  type Bus,
  type BusMessage,
  type BusStatus,
  type BusSubscription,
  MAX_MESSAGE_BYTES,
  NoAnswer,
  type PublishOptions,
} from "shared/bus/bus.ts";
import { type NatsOptions, reachNats } from "shared/bus/nats_connect.ts";
import { isInbox } from "shared/bus/permissions.ts";
import { readTraceparent } from "shared/tracing/traceparent.ts";

export interface NatsSubscription extends BusSubscription {
  /** Takes no more; resolves when all that the server had sent by then has been handled. */
  drain(): Promise<void>;
}

/** The bus, and the connection under it for what only NATS has: streams. */
export interface NatsBus extends Bus {
  readonly connection: NatsConnection;
  /** What was published and has not left this process: a server that takes nothing makes it grow. */
  readonly pendingBytes: number;
  /** The server refuses a message that is longer. */
  readonly maxMessageBytes: number;
  subscribe(
    subject: string,
    handle: (message: BusMessage) => void,
    options?: { queue?: string },
  ): NatsSubscription;
}

const TRACEPARENT = "traceparent";
const DRAIN_TIMEOUT_MS = 5_000;
/** A subscription that the server refused is asked for again after so long. */
const AGAIN_MS = 1_000;
/**
 * A server that takes nothing is given up for dead after 6 s, and what was to go to it with it. What
 * it is not told meanwhile is lost as it is without a server: the auditors deliver it.
 */
export const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/**
 * Connects, waiting for a server as long as there is none.
 *
 * @throws {Error} When the server refuses the credentials, is older than 2.10 or takes no messages
 * of `MAX_MESSAGE_BYTES`, or on abort.
 */
export async function connectNats(options: NatsOptions): Promise<NatsBus> {
  return new NatsConnectionBus(await reachNats(options), options.onError);
}

class NatsConnectionBus implements NatsBus {
  readonly connection: NatsConnection;
  readonly #onError: (error: Error) => void;
  readonly #listeners: ((status: BusStatus) => void)[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #status: BusStatus = "connected";

  constructor(connection: NatsConnection, onError: (error: Error) => void) {
    this.connection = connection;
    this.#onError = onError;
    this.#follow();
  }

  get status(): BusStatus {
    return this.#status;
  }

  get pendingBytes(): number {
    return pendingBytesOf(this.connection);
  }

  get maxMessageBytes(): number {
    return this.connection.info?.max_payload ?? MAX_MESSAGE_BYTES;
  }

  publish(subject: string, data: Uint8Array, options: PublishOptions = {}): void {
    // The client would keep it in memory and then throw it away.
    if (this.#status === "disconnected") return;
    if (this.pendingBytes > MAX_PENDING_BYTES) {
      return this.#onError(new Error("Cannot publish: the NATS server takes nothing"));
    }
    this.#attempt(`publish on ${subject}`, () => {
      const { messageId, traceparent } = options;
      if (messageId === undefined && traceparent === undefined) {
        return this.connection.publish(subject, data);
      }
      const sent = headers();
      if (messageId !== undefined) sent.set("Nats-Msg-Id", messageId);
      if (traceparent !== undefined) sent.set(TRACEPARENT, traceparent);
      this.connection.publish(subject, data, { headers: sent });
    });
  }

  subscribe(
    subject: string,
    handle: (message: BusMessage) => void,
    options: { queue?: string } = {},
  ): NatsSubscription {
    let cancel = () => {};
    const open = () =>
      this.connection.subscribe(subject, {
        ...options,
        callback: (error, message) => {
          if (error) return lost(error);
          // An exception in this callback would break the client's parser.
          this.#attempt(`handle a message on ${subject}`, () => handle(this.#received(message)));
        },
      });
    // Refused, and so gone from the client too: permissions that change must leave nobody deaf.
    const lost = (error: Error) => {
      this.#onError(error);
      cancel = this.#later(() => subscription = open(), `subscribe to ${subject} again`);
    };
    let subscription = open();
    return {
      unsubscribe: () => {
        cancel();
        this.#attempt(`unsubscribe from ${subject}`, () => subscription.unsubscribe());
      },
      drain: () => {
        cancel();
        return subscription.drain().catch((cause) =>
          this.#onError(new Error(`Cannot drain ${subject}`, { cause }))
        );
      },
    };
  }

  async request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#status === "disconnected" || this.pendingBytes > MAX_PENDING_BYTES) {
      throw new NoAnswer(`No answer on ${subject}: no server takes requests`);
    }
    try {
      return (await this.connection.request(subject, data, { timeout: timeoutMs })).data;
    } catch (cause) {
      if (cause instanceof InvalidArgumentError) throw cause;
      throw new NoAnswer(`No answer on ${subject} within ${timeoutMs} ms`, { cause });
    }
  }

  async requestMany(subject: string, data: Uint8Array, waitMs: number): Promise<Uint8Array[]> {
    const answers: Uint8Array[] = [];
    if (this.#status === "disconnected") return answers;
    try {
      const options = { strategy: "timer", maxWait: waitMs } as const;
      for await (const answer of await this.connection.requestMany(subject, data, options)) {
        answers.push(answer.data);
      }
    } catch (cause) {
      // With nobody there the client throws; what did arrive is the answer all the same.
      if (cause instanceof InvalidArgumentError) throw cause;
    }
    return answers;
  }

  async flush(): Promise<void> {
    try {
      await this.connection.flush();
    } catch (cause) {
      throw new NoAnswer("Cannot flush the bus: the connection was lost", { cause });
    }
  }

  onStatus(handle: (status: BusStatus) => void): void {
    this.#listeners.push(handle);
  }

  async drain(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    if (this.connection.isClosed()) return;
    if (this.#status === "disconnected") return await this.connection.close();
    const drained = this.connection.drain().catch((error) => this.#onError(error));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => timer = setTimeout(resolve, DRAIN_TIMEOUT_MS));
    await Promise.race([drained, late]);
    clearTimeout(timer);
    if (!this.connection.isClosed()) await this.connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) this.#hear(status);
    this.#become("disconnected");
  }

  #hear(status: Status): void {
    switch (status.type) {
      case "disconnect":
        this.#onError(new Error("Cannot reach NATS any more: trying until it answers"));
        return this.#become("disconnected");
      case "close":
        return this.#become("disconnected");
      case "reconnect":
        return this.#become("connected");
      case "error":
        return this.#onError(status.error);
    }
  }

  #become(status: BusStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    for (const listener of this.#listeners) {
      this.#attempt("tell a change of status", () => listener(status));
    }
  }

  #received(message: Msg): BusMessage {
    return {
      subject: message.subject,
      data: message.data,
      get sender() {
        return senderOf(message.reply);
      },
      get traceparent() {
        return readTraceparent(message.headers?.get(TRACEPARENT));
      },
      respond: (data) => this.#attempt(`answer on ${message.subject}`, () => answer(message, data)),
    };
  }

  /** Tries it after a while, unless the returned function is called or the bus ends before. */
  #later(action: () => void, what: string): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#attempt(what, action);
    }, AGAIN_MS);
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
      clearTimeout(timer);
    };
  }

  /** Does something whose failure nobody waits for: it is reported, never thrown. */
  #attempt(what: string, action: () => void): void {
    try {
      action();
    } catch (cause) {
      this.#onError(new Error(`Cannot ${what}`, { cause }));
    }
  }
}

/** Whoever asks names the subject of the answer, and must not speak with our permissions. */
function answer(message: Msg, data: Uint8Array): void {
  if (!message.reply) return;
  if (!isInbox(message.reply)) throw new Error(`"${message.reply}" is no inbox`);
  message.respond(data);
}

/** All requests of a connection ask for their answers below one inbox, which is its own. */
function senderOf(reply: string | undefined): string | undefined {
  return reply ? reply.slice(0, reply.lastIndexOf(".")) : undefined;
}

/** The client keeps no count of it; the socket below it does. */
function pendingBytesOf(connection: NatsConnection): number {
  const { protocol } = connection as unknown as {
    protocol?: { transport?: { socket?: { writableLength?: number } } };
  };
  return protocol?.transport?.socket?.writableLength ?? 0;
}
