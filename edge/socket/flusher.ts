/**
 * When sockets write what they have queued: one flush for all of them, not a timer for each.
 *
 * Invariant: a marked socket is flushed exactly once, at the end of this turn of the event loop
 * when little is going on, within `WINDOW_MS` when much is. Frames that many sockets flush
 * together are joined and encoded once. Knows nothing of what a frame means.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Codec, Frame } from "shared/wire/codec.ts";
import type { Turns } from "../turns.ts";
import { encodeServerMessage } from "./message.ts";

/** The longest that a busy flusher lets frames gather. */
export const WINDOW_MS = 2;
/** A flush that wrote to fewer sockets gains nothing by waiting: few get a second frame. */
const BUSY_SOCKETS = 32;

export interface Flushable {
  /** Writes what is queued. Must not throw. */
  flush(): void;
}

/** How long to wait before the next flush: 0 is the end of this turn. */
export function flushDelayMs(last: { sockets: number; agoMs: number }): number {
  if (last.sockets < BUSY_SOCKETS || last.agoMs >= WINDOW_MS) return 0;
  return Math.max(1, WINDOW_MS - last.agoMs);
}

export class Flusher {
  readonly #turns: Turns;
  #marked: Flushable[] = [];
  #last = { sockets: 0, atMs: -Infinity };
  /** Lists joined in this flush, by codec and first frame. */
  readonly #joined = new Map<Codec, Map<Frame, { frames: Frame[]; message: Buffer }>>();
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
    let joined = this.#joined.get(codec);
    if (!joined) this.#joined.set(codec, joined = new Map());
    const first = frames[0]!;
    const known = joined.get(first);
    if (known && sameFrames(known.frames, frames)) return known.message;
    const message = encodeServerMessage(codec.join(frames));
    joined.set(first, { frames, message });
    return message;
  }

  #flush(): void {
    const marked = this.#marked;
    this.#marked = [];
    for (const socket of marked) socket.flush();
    this.#joined.clear();
    this.#last = { sockets: marked.length, atMs: this.#turns.nowMs() };
  }
}

function sameFrames(some: Frame[], others: Frame[]): boolean {
  return some.length === others.length && some.every((frame, i) => frame === others[i]);
}
