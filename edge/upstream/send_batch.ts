/**
 * Sends on their way to an origin, many in one request.
 *
 * Invariant: every send is answered exactly once, with the origin's answer or with a temporary
 * error after which the same send may be repeated: its id makes that safe. It is answered before the
 * SDK gives it up, however long it waited for its batch: an answer that comes later tells nobody.
 * While requests are in flight the next batch forms, so that nothing waits for a timer. Knows nothing
 * of connections.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Answer, Send, Sent } from "shared/bus/requests.ts";
import { wireError } from "shared/wire/codes.ts";

export type OnAnswer = (answer: Answer<Sent>) => void;

interface Waiting {
  sinceMs: number;
  send: string;
  bytes: number;
  onAnswer: OnAnswer;
}

/** Of a request that is to be answered at all. */
const LEAST_MS = 1_000;

export interface SendBatcherDeps {
  /** Each send as JSON text; answered in their order, within so long. */
  request(sends: string[], withinMs: number): Promise<Answer<Sent>[]>;
  /** Monotonic. */
  nowMs(): number;
  /** How long a send may take here, all told. */
  answerMs: number;
  /** Calls back at the end of this turn of the event loop. */
  soon(callback: () => void): void;
  maxInFlight: number;
  maxBatch: number;
  /** What fits one message of the bus. A send by itself must be smaller. */
  maxBatchBytes: number;
  /** Sends that may wait, and their bytes; beyond, they are answered with 111. */
  maxWaiting: number;
  maxWaitingBytes: number;
  /** A send was refused since too many wait. */
  onRefused(): void;
}

export class SendBatcher {
  readonly #deps: SendBatcherDeps;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #inFlight = 0;
  #armed = false;

  constructor(deps: SendBatcherDeps) {
    this.#deps = deps;
  }

  /** What waits for its batch, leaving aside those in flight. */
  get waiting(): { sends: number; bytes: number } {
    return { sends: this.#waiting.length, bytes: this.#waitingBytes };
  }

  add(given: Send, onAnswer: OnAnswer): void {
    const { maxWaiting, maxWaitingBytes } = this.#deps;
    // Before anything is written: what is refused must cost next to nothing.
    if (this.#waiting.length >= maxWaiting || this.#waitingBytes >= maxWaitingBytes) {
      this.#deps.onRefused();
      return onAnswer({ error: wireError("tooManyRequests") });
    }
    const send = JSON.stringify(given);
    const bytes = Buffer.byteLength(send);
    this.#waiting.push({ sinceMs: this.#deps.nowMs(), send, bytes, onAnswer });
    this.#waitingBytes += bytes;
    this.#arm();
  }

  #arm(): void {
    if (this.#armed || this.#waiting.length === 0) return;
    if (this.#inFlight >= this.#deps.maxInFlight) return;
    this.#armed = true;
    this.#deps.soon(() => {
      this.#armed = false;
      void this.#request();
    });
  }

  async #request(): Promise<void> {
    this.#giveUp();
    const batch = this.#take();
    if (batch.length === 0) return;
    this.#inFlight++;
    const answers = await this.#answers(batch.map(({ send }) => send), this.#leftMs(batch[0]!));
    this.#inFlight--;
    batch.forEach(({ onAnswer }, i) => onAnswer(answers?.[i] ?? { error: wireError("internal") }));
    this.#arm();
  }

  /** The oldest are the first. */
  #giveUp(): void {
    const left = this.#waiting.findIndex((waiting) => this.#leftMs(waiting) >= LEAST_MS);
    const late = this.#remove(left < 0 ? this.#waiting.length : left);
    for (const { onAnswer } of late) onAnswer({ error: wireError("internal") });
  }

  #leftMs({ sinceMs }: Waiting): number {
    return this.#deps.answerMs - (this.#deps.nowMs() - sinceMs);
  }

  #take(): Waiting[] {
    const { maxBatch, maxBatchBytes } = this.#deps;
    let count = 0, bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes + 1;
      if (count === maxBatch || (count > 0 && bytes > maxBatchBytes)) break;
      count++;
    }
    return this.#remove(count);
  }

  #remove(count: number): Waiting[] {
    const taken = this.#waiting.splice(0, count);
    for (const waiting of taken) this.#waitingBytes -= waiting.bytes;
    return taken;
  }

  async #answers(sends: string[], withinMs: number): Promise<Answer<Sent>[] | undefined> {
    // The next batch may form while this one is in flight.
    queueMicrotask(() => this.#arm());
    try {
      return await this.#deps.request(sends, withinMs);
    } catch {
      return undefined;
    }
  }
}
