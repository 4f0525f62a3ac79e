/**
 * After the bus was lost and found: what the stream kept of the meantime is handed out at once.
 *
 * Invariant: nothing depends on it. It spares the database the reading of what many topics missed
 * together; the next digest proves, or mends, what it did. It begins at what is proven, and not
 * when something was heard last: an edge that was asleep reads the old before it learns of the cut.
 * Knows nothing of subscriptions.
 *
 * @module
 */

import type { StreamedMessage } from "shared/bus/jetstream.ts";
import { decodeLive, type Live } from "shared/bus/live.ts";
import { type Gsid, timeOfGsid } from "shared/gsid.ts";
import { type TopicKey, topicOfSubject } from "shared/topic.ts";

/** The clocks of the database and of the stream differ: so much is read besides. */
const MARGIN_MS = 2000;

export interface ReplayDeps {
  /** Hands on what the stream has kept since `sinceMs` (ms since 1970), in order. */
  read(
    sinceMs: number,
    handle: (message: StreamedMessage) => void,
    signal: AbortSignal,
  ): Promise<number>;
  mend(topic: TopicKey, live: Live): void;
  /** Everything up to here was handed out; `undefined`: nothing is known yet. */
  proven(): Gsid | undefined;
  events: ReplayEvents;
}

export interface ReplayEvents {
  replayed(messages: number): void;
  /** The stream is away, or ended too early: the digest mends all of it. */
  notReplayed(error: unknown): void;
}

export class Replay {
  readonly #deps: ReplayDeps;
  #running: AbortController | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(deps: ReplayDeps) {
    this.#deps = deps;
  }

  /** Reads what was missed; what another one is still reading begins anew. Never throws. */
  start(): Promise<void> {
    this.stop();
    const proven = this.#deps.proven();
    if (proven === undefined) return this.#last;
    this.#running = new AbortController();
    return this.#last = this.#read(timeOfGsid(proven) - MARGIN_MS, this.#running.signal);
  }

  /** Resolves when what is being read now has been handed on. */
  async settled(): Promise<void> {
    await this.#last;
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  async #read(sinceMs: number, signal: AbortSignal): Promise<void> {
    const { read, events } = this.#deps;
    try {
      events.replayed(await read(sinceMs, (message) => this.#hand(message), signal));
    } catch (error) {
      if (!signal.aborted) events.notReplayed(error);
    }
  }

  #hand({ subject, data }: StreamedMessage): void {
    const topic = topicOfSubject(subject);
    const live = decodeLive(data);
    // An instruction was for the moment in which it was given.
    if (!topic || !live || live.kind === "control") return;
    // Handed out already; or of a history that the database has lost, and the stream has not.
    if (live.gsid <= (this.#deps.proven() ?? 0)) return;
    this.#deps.mend(topic, live);
  }
}
