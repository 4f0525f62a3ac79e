/**
 * Tells the origins which users received what, and whose connections ended.
 *
 * Invariant: what it tells is from `Positions`, at most once a second, in messages that fit the
 * bus; what cannot be told now is told as soon as the bus is back. Losing a message costs a push
 * too many, never one too few. Knows nothing of connections.
 *
 * @module
 */

import type { Bus, BusMessage, BusSubscription } from "shared/bus/bus.ts";
import { ANNOUNCE, encodeMessage, type Ended, type Received } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import type { Stretch } from "shared/received.ts";
import { Positions } from "./positions.ts";

/** Users whose end is told late: what lies beyond is left to the late check. */
export const MAX_ENDED = 10_000;
/** An id of 128 bytes, escaped, makes an entry of less than 820. */
const ENTRIES_PER_MESSAGE = 1_000;

export interface ReporterOptions {
  bus: Pick<Bus, "publish" | "subscribe" | "status" | "onStatus">;
  replica: string;
  /** Monotonic. */
  now(): number;
  isConnected(user: UserId): boolean;
}

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #positions = new Positions();
  readonly #ended = new Set<UserId>();
  #asked: BusSubscription | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Users whose positions are kept, and those whose end has yet to be reported. */
  get kept(): { positions: number; ended: number } {
    return { positions: this.#positions.size, ended: this.#ended.size };
  }

  /** Answers origins that ask. */
  start(): void {
    const { bus } = this.#options;
    this.#asked = bus.subscribe(ANNOUNCE.askReceived, (question) => this.#answer(question));
    // What was told last may be lost with the connection.
    bus.onStatus((status) => status === "disconnected" && this.#positions.renew());
  }

  received(user: UserId, stretch: Stretch): void {
    this.#positions.heard(user, stretch, this.#options.now());
  }

  /** A connection of the user ended, and presence says so already. */
  ended(user: UserId): void {
    if (this.#options.isConnected(user)) return;
    this.#positions.left(user, this.#options.now());
    if (this.#ended.size < MAX_ENDED) this.#ended.add(user);
  }

  /** To be called once a second. */
  tick(): void {
    const { bus, replica, now, isConnected } = this.#options;
    this.#positions.prune(now(), isConnected);
    if (bus.status !== "connected") return;
    for (const users of chunks(this.#positions.takeFresh())) {
      bus.publish(ANNOUNCE.received, encodeMessage<Received>({ replica, users }));
    }
    for (const users of chunks([...this.#ended])) {
      bus.publish(ANNOUNCE.ended, encodeMessage<Ended>({ replica, users }));
    }
    this.#ended.clear();
  }

  stop(): void {
    this.#asked?.unsubscribe();
    this.tick();
  }

  #answer(question: BusMessage): void {
    const { replica } = this.#options;
    for (const users of chunks(this.#positions.all())) {
      question.respond(encodeMessage<Received>({ replica, users }));
    }
  }
}

function chunks<Item>(items: Item[]): Item[][] {
  const count = Math.ceil(items.length / ENTRIES_PER_MESSAGE);
  return Array.from({ length: count }, (_, i) => {
    return items.slice(i * ENTRIES_PER_MESSAGE, (i + 1) * ENTRIES_PER_MESSAGE);
  });
}
