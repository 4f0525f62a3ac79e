/**
 * After the bus was lost and found: what the stream kept of the meantime is handed out at once.
 *
 * Invariant: nothing depends on it. It spares the database the reading of what many topics missed
 * together; the next digest proves, or mends, what it did. Knows nothing of subscriptions.
 *
 * @module
 */

import type { StreamedMessage } from "shared/bus/jetstream.ts";
import { decodeLive, type Live } from "shared/bus/live.ts";
import { type TopicKey, topicOfSubject } from "shared/topic.ts";

/** A cut is older than its last proof of life, and clocks differ: so much is read besides. */
const MARGIN_MS = 2000;

export interface ReplayDeps {
  /** Hands on what the stream has kept since `sinceMs` (ms since 1970), in order. */
  read(
    sinceMs: number,
    handle: (message: StreamedMessage) => void,
    signal: AbortSignal,
  ): Promise<number>;
  mend(topic: TopicKey, live: Live): void;
  /** Wall clock, ms since 1970. */
  now(): number;
  onFault(error: unknown): void;
}

export class Replay {
  readonly #deps: ReplayDeps;
  #aliveMs: number | undefined;
  #running: AbortController | undefined;

  constructor(deps: ReplayDeps) {
    this.#deps = deps;
  }

  /** The bus brought something: up to now it worked. */
  heard(): void {
    // While a hole is being read its beginning must not be forgotten.
    if (!this.#running) this.#aliveMs = this.#deps.now();
  }

  /** Reads what was missed. Never throws. */
  async start(): Promise<void> {
    this.#running?.abort();
    if (this.#aliveMs === undefined) return;
    const running = this.#running = new AbortController();
    try {
      await this.#deps.read(
        this.#aliveMs - MARGIN_MS,
        (message) => this.#hand(message),
        running.signal,
      );
    } catch (error) {
      if (!running.signal.aborted) this.#deps.onFault(error);
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  stop(): void {
    this.#running?.abort();
  }

  #hand({ subject, data }: StreamedMessage): void {
    const topic = topicOfSubject(subject);
    const live = decodeLive(data);
    // An instruction was for the moment in which it was given.
    if (topic && live && live.kind !== "control") this.#deps.mend(topic, live);
  }
}
