/**
 * Performs what `digest.ts` decides: hears digests, makes them, publishes them.
 *
 * Invariant: one digest is made at a time. An origin without the bus makes none, since nobody
 * would hear it and the next would not join on.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, decodeMessage, type Digest } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { Sql } from "../store/sql.ts";
import { type DigestInput, type DigestState, startDigest, stepDigest } from "./digest.ts";
import type { Every } from "./every.ts";
import { readDigest } from "./read_digest.ts";

export interface DigestsDeps {
  sql: Sql;
  bus: Pick<Bus, "publish" | "subscribe" | "status">;
  /** Monotonic. */
  nowMs(): number;
  /** A new random delay, that keeps origins from starting together. */
  jitterMs(): number;
  every: Every;
  events: DigestEvents;
}

export interface DigestEvents {
  made(digest: { events: number; topics: number; bytes: number; ms: number }): void;
  failed(error: unknown): void;
}

const TICK_MS = 250;

/** Makes digests while no other origin does, until disposed of. */
export class Digests implements AsyncDisposable {
  readonly #deps: DigestsDeps;
  readonly #stack = new DisposableStack();
  #state: DigestState;
  #making: Promise<void> = Promise.resolve();

  constructor(deps: DigestsDeps) {
    this.#deps = deps;
    this.#state = startDigest(deps.nowMs(), deps.jitterMs());
    const subscription = deps.bus.subscribe(ANNOUNCE.digest, ({ data }) => this.#hear(data));
    this.#stack.defer(() => subscription.unsubscribe());
    this.#stack.defer(deps.every(() => this.#tick(), TICK_MS));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stack.dispose();
    await this.#making;
  }

  #tick(): void {
    if (this.#deps.bus.status === "connected") this.#step({ kind: "tick", ...this.#now() });
  }

  #hear(data: Uint8Array): void {
    try {
      this.#step({ kind: "heard", digest: decodeMessage<Digest>(data), ...this.#now() });
    } catch (error) {
      this.#deps.events.failed(error);
    }
  }

  #step(input: DigestInput): void {
    const { state, effects } = stepDigest(this.#state, input);
    this.#state = state;
    for (const { after } of effects) this.#making = this.#make(after);
  }

  async #make(after: Gsid | undefined): Promise<void> {
    const { sql, bus, nowMs, events } = this.#deps;
    const startMs = nowMs();
    try {
      const { digest, bytes, events: count } = await readDigest(sql, after);
      if (this.#stack.disposed) return;
      bus.publish(ANNOUNCE.digest, bytes);
      const ms = nowMs() - startMs;
      events.made({ events: count, topics: digest.topics.length, bytes: bytes.length, ms });
      this.#step({ kind: "made", digest, nowMs: nowMs() });
    } catch (error) {
      events.failed(error);
      this.#step({ kind: "failed", ...this.#now() });
    }
  }

  #now(): { nowMs: number; jitterMs: number } {
    return { nowMs: this.#deps.nowMs(), jitterMs: this.#deps.jitterMs() };
  }
}
