/**
 * A program's connection to the broker, as the bus promises it: at most once, and nothing more.
 *
 * Invariant: while it is disconnected nothing is published and nothing asked; once it is back, the
 * broker has the subscriptions that stand. Behaves as `shared/bus/nats.ts` does.
 *
 * @module
 */

import {
  type Bus,
  type BusMessage,
  type BusStatus,
  MAX_MESSAGE_BYTES,
  NoAnswer,
} from "shared/bus/bus.ts";
import type { NatsSubscription } from "shared/bus/nats.ts";
import type { StreamedMessage } from "shared/bus/jetstream.ts";
import type { Broker, Interest, Packet } from "./broker.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import { Wire } from "./wire.ts";

export interface BusClientDeps {
  process: Process;
  broker: Broker;
  timeline: Timeline;
  random: Random;
  /** A handler of the program threw: the real bus would only log it. */
  onFault(error: unknown): void;
  /** The program has said something. */
  onPublish?(subject: string, data: Uint8Array): void;
}

const LATENCY_MS = { least: 0.1, most: 6 };

export class BusClient implements Bus {
  readonly up: Wire;
  readonly down: Wire;
  readonly maxMessageBytes = MAX_MESSAGE_BYTES;
  readonly #deps: BusClientDeps;
  readonly #interests = new Set<Interest>();
  /** Those that the server knows of, also some that have been taken back since. */
  readonly #known = new Set<Interest>();
  readonly #listeners: ((status: BusStatus) => void)[] = [];
  readonly #flushes = new Set<(error: Error) => void>();
  readonly #inbox: string;
  readonly #answers = new Map<string, (packet: Packet) => void>();
  #status: BusStatus = "connected";
  #requests = 0;

  constructor(deps: BusClientDeps) {
    this.#deps = deps;
    const { timeline, random, process } = deps;
    this.up = new Wire(timeline, random, LATENCY_MS);
    this.down = new Wire(timeline, random, LATENCY_MS);
    this.#inbox = `_INBOX.${process.name}`;
    this.#listen(`${this.#inbox}.*`, undefined, (packet) => {
      this.#answers.get(packet.subject)?.(packet);
    });
    process.onDeath(() => this.#leave());
  }

  get status(): BusStatus {
    return this.#status;
  }

  publish(subject: string, data: Uint8Array, options: { messageId?: string } = {}): void {
    this.#send({ subject, data, ...options });
  }

  subscribe(
    subject: string,
    handle: (message: BusMessage) => void,
    { queue }: { queue?: string } = {},
  ): NatsSubscription {
    const end = this.#listen(subject, queue, (packet) => {
      const respond = (data: Uint8Array) => {
        if (packet.reply !== undefined) this.#send({ subject: packet.reply, data });
      };
      try {
        handle({ subject: packet.subject, data: packet.data, sender: senderOf(packet), respond });
      } catch (error) {
        this.#deps.onFault(error);
      }
    });
    return { unsubscribe: end, drain: () => Promise.resolve(end()) };
  }

  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#status === "disconnected") {
      return Promise.reject(new NoAnswer(`No answer on ${subject}: no server`));
    }
    return new Promise((resolve, reject) => {
      const reply = this.#newReply();
      const fail = () => {
        if (this.#answers.delete(reply)) reject(new NoAnswer(`No answer on ${subject}`));
      };
      const cancel = this.#deps.process.after(timeoutMs, fail);
      this.#answers.set(reply, (packet) => {
        this.#answers.delete(reply);
        cancel();
        resolve(packet.data);
      });
      this.#send({ subject, data, reply }, fail);
    });
  }

  requestMany(subject: string, data: Uint8Array, waitMs: number): Promise<Uint8Array[]> {
    const answers: Uint8Array[] = [];
    if (this.#status === "disconnected") return Promise.resolve(answers);
    return new Promise((resolve) => {
      const reply = this.#newReply();
      this.#answers.set(reply, (packet) => answers.push(packet.data));
      this.#deps.process.after(waitMs, () => {
        this.#answers.delete(reply);
        resolve(answers);
      });
      this.#send({ subject, data, reply });
    });
  }

  flush(): Promise<void> {
    if (this.#status === "disconnected") return Promise.reject(new NoAnswer("Cannot flush"));
    return new Promise((resolve, reject) => {
      this.#flushes.add(reject);
      this.up.send(() =>
        this.down.send(() => {
          if (this.#flushes.delete(reject)) this.#deps.process.run(resolve);
        })
      );
    });
  }

  onStatus(handle: (status: BusStatus) => void): void {
    this.#listeners.push(handle);
  }

  drain(): Promise<void> {
    this.#leave();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  /** Hands on what the stream has kept, as `replayStream` does. `fails`: after half of it. */
  replay(
    sinceMs: number,
    handle: (message: StreamedMessage) => void,
    signal: AbortSignal,
    fails: boolean,
  ): Promise<number> {
    const { broker, process } = this.#deps;
    return new Promise((resolve, reject) => {
      this.up.send(() => {
        const kept = broker.kept(sinceMs);
        const count = fails ? kept.length >> 1 : kept.length;
        this.down.send(() =>
          process.run(() => {
            if (signal.aborted) return reject(signal.reason);
            for (const message of kept.slice(0, count)) handle(message);
            if (fails) reject(new Error("Cannot replay: the consumer is gone"));
            else resolve(count);
          })
        );
      });
    });
  }

  /** The connection breaks; `reconnect` mends it. */
  disconnect(): void {
    if (this.#status === "disconnected") return;
    this.#forget();
    const flushes = [...this.#flushes];
    this.#flushes.clear();
    this.#become("disconnected");
    for (const reject of flushes) reject(new NoAnswer("Cannot flush: the connection was lost"));
  }

  reconnect(): void {
    this.up.open();
    this.down.open();
    if (this.#status === "connected" || !this.#deps.process.alive) return;
    for (const interest of this.#interests) this.#tell(interest);
    this.#become("connected");
  }

  #become(status: BusStatus): void {
    this.#status = status;
    if (this.#deps.process.alive) { for (const listener of this.#listeners) listener(status); }
  }

  #newReply(): string {
    return `${this.#inbox}.${++this.#requests}`;
  }

  #send(packet: Packet, onNobody?: () => void): void {
    const { process, broker, onPublish } = this.#deps;
    if (!process.alive || this.#status === "disconnected") return;
    onPublish?.(packet.subject, packet.data);
    this.up.send(() => {
      if (broker.publish(packet) || !onNobody) return;
      this.down.send(() => process.run(onNobody));
    });
  }

  /** Gives what ends it. */
  #listen(
    subject: string,
    queue: string | undefined,
    handle: (packet: Packet) => void,
  ): () => void {
    const { broker, process } = this.#deps;
    const interest: Interest = {
      subject,
      queue,
      down: this.down,
      handle: (packet) => process.run(() => this.#interests.has(interest) && handle(packet)),
    };
    this.#interests.add(interest);
    // The server hears of it behind everything that was said before.
    if (this.#status === "connected") {
      this.up.send(() => this.#interests.has(interest) && this.#tell(interest));
    }
    return () => {
      this.#interests.delete(interest);
      this.up.send(() => {
        this.#known.delete(interest);
        broker.unsubscribe(interest);
      });
    };
  }

  #tell(interest: Interest): void {
    this.#known.add(interest);
    this.#deps.broker.subscribe(interest);
  }

  #leave(): void {
    this.#interests.clear();
    this.#forget();
  }

  /** The server lets go of this client, and what is on its way is lost. */
  #forget(): void {
    for (const interest of this.#known) this.#deps.broker.unsubscribe(interest);
    this.#known.clear();
    this.up.break();
    this.down.break();
  }
}

/** All requests of a connection ask for their answers below one inbox, which is its own. */
function senderOf({ reply }: Packet): string | undefined {
  return reply?.slice(0, reply.lastIndexOf("."));
}
