/**
 * When sockets write what they have queued: one flush for all of them, not a timer for each.
 *
 * Invariant: a marked socket is flushed exactly once, at the end of this turn of the event loop
 * when little is going on, `WINDOW_MS` later when much is. Frames that many sockets flush
 * together are joined and encoded once. Knows nothing of what a frame means.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Codec, Frame } from "shared/wire/codec.ts";
import type { Turns } from "shared/turns.ts";
import { encodeServerMessage } from "./message.ts";

/** How long a busy flusher lets frames gather. */
export const WINDOW_MS = 5;
/** A flush that wrote to fewer sockets gains nothing by waiting: few get a second frame. */
const BUSY_SOCKETS = 32;
/** At 10 µs a write this is a twelfth of a core: from there on writes are what limits. */
const BUSY_WRITES_PER_MS = 8;

/** Lists remembered for the next socket: those with which many go on are few, and come often. */
const KNOWN_LISTS = 4;

export interface Flushable {
  /** Writes what is queued. Must not throw. */
  flush(): void;
}

/** How long to wait before the next flush: 0 is the end of this turn. */
export function flushDelayMs(last: { sockets: number; agoMs: number }): number {
  const busy = last.sockets >= BUSY_SOCKETS && last.sockets >= last.agoMs * BUSY_WRITES_PER_MS;
  return busy ? WINDOW_MS : 0;
}

interface Joined {
  codec: Codec;
  frames: Frame[];
  message: Buffer;
}

export class Flusher {
  readonly #turns: Turns;
  #marked: Flushable[] = [];
  #last = { sockets: 0, atMs: -Infinity };
  /** The last lists joined in this flush. Not a map: hashing frames would cost more than joining. */
  #joined: Joined[] = [];
  #oldest = 0;
  #sized: { frame: Frame; bytes: number } = { frame: "", bytes: 0 };

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Has `socket` flushed. The caller marks it once until then. */
  mark(socket: Flushable): void {
    if (this.#marked.push(socket) > 1) return;
    const { sockets, atMs } = this.#last;
    const delayMs = flushDelayMs({ sockets, agoMs: this.#turns.nowMs() - atMs });
    if (delayMs === 0) this.#turns.soon(() => this.#flush());
    else this.#turns.later(() => this.#flush(), delayMs);
  }

  /** The size of a frame in bytes; quick for the same frame as last time. */
  sizeOf(frame: Frame): number {
    if (typeof frame !== "string") return frame.byteLength;
    if (frame !== this.#sized.frame) this.#sized = { frame, bytes: Buffer.byteLength(frame) };
    return this.#sized.bytes;
  }

  /** The bytes of one WebSocket message; the same ones for the same frames in one flush. */
  join(codec: Codec, frames: Frame[]): Buffer {
    for (const known of this.#joined) {
      if (known.codec === codec && sameFrames(known.frames, frames)) return known.message;
    }
    const message = encodeServerMessage(codec.join(frames));
    this.#joined[this.#oldest] = { codec, frames, message };
    this.#oldest = (this.#oldest + 1) % KNOWN_LISTS;
    return message;
  }

  #flush(): void {
    const marked = this.#marked;
    this.#marked = [];
    for (const socket of marked) socket.flush();
    this.#joined = [];
    this.#oldest = 0;
    this.#last = { sockets: marked.length, atMs: this.#turns.nowMs() };
  }
}

function sameFrames(some: Frame[], others: Frame[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}
