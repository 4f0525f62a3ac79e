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
import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import type { Sql } from "../store/sql.ts";
import { type DigestInput, type DigestState, startDigest, stepDigest } from "./digest.ts";
import type { Every } from "./every.ts";
import { type ReadDigest, readDigest } from "./read_digest.ts";

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
  made(digest: MadeDigest): void;
  failed(error: unknown): void;
}

export interface MadeDigest {
  events: number;
  topics: number;
  bytes: number;
  ms: number;
  /** Of commits: from the first to the last that it covers. */
  intervalMs: number;
  /** What was committed already and did not fit: 0 for most. */
  lagMs: number;
}

const TICK_MS = 250;

/** Makes digests while no other origin does, until disposed of. */
export class Digests implements AsyncDisposable {
  readonly #deps: DigestsDeps;
  readonly #stack = new DisposableStack();
  #state: DigestState;
  #lastMs: number;
  #making: Promise<void> = Promise.resolve();

  constructor(deps: DigestsDeps) {
    this.#deps = deps;
    this.#lastMs = deps.nowMs();
    this.#state = startDigest(this.#lastMs, deps.jitterMs());
    const subscription = deps.bus.subscribe(ANNOUNCE.digest, ({ data }) => this.#hear(data));
    this.#stack.defer(() => subscription.unsubscribe());
    this.#stack.defer(deps.every(() => this.#tick(), TICK_MS));
  }

  /** For how long no digest was heard or made. */
  get silenceMs(): number {
    return this.#deps.nowMs() - this.#lastMs;
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
      this.#lastMs = this.#deps.nowMs();
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
      const read = await readDigest(sql, after);
      if (this.#stack.disposed) return;
      bus.publish(ANNOUNCE.digest, read.bytes);
      this.#lastMs = nowMs();
      events.made(measure(read, this.#lastMs - startMs));
      this.#step({ kind: "made", digest: read.digest, nowMs: this.#lastMs });
    } catch (error) {
      events.failed(error);
      this.#step({ kind: "failed", ...this.#now() });
    }
  }

  #now(): { nowMs: number; jitterMs: number } {
    return { nowMs: this.#deps.nowMs(), jitterMs: this.#deps.jitterMs() };
  }
}

function measure({ digest, head, bytes, events }: ReadDigest, ms: number): MadeDigest {
  const { after, upto, topics } = digest;
  return {
    events,
    topics: topics.length,
    bytes: bytes.length,
    ms,
    intervalMs: (upto - after) / GSID_PER_MS,
    lagMs: (head - upto) / GSID_PER_MS,
  };
}
