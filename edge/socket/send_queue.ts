/**
 * The frames that wait for one socket, first in, first out.
 *
 * Invariant: `bytes` is the exact size of what waits, and every frame is counted once when it
 * enters and once when it leaves, here and in what all queues hold together. Knows nothing of
 * sockets, of formats or of its limit.
 *
 * @module
 */

import type { Frame } from "shared/wire/codec.ts";

/** What the queues of all sockets hold. */
export interface Held {
  bytes: number;
}

export class SendQueue {
  readonly #held: Held;
  #frames: Frame[] = [];
  #sizes: number[] = [];
  #bytes = 0;
  #entered = 0;
  #enteredBytes = 0;

  constructor(held: Held) {
    this.#held = held;
  }

  /** The bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The frames that wait. */
  get length(): number {
    return this.#frames.length;
  }

  /** How many frames ever entered. */
  get entered(): number {
    return this.#entered;
  }

  /** What they took, all told. */
  get enteredBytes(): number {
    return this.#enteredBytes;
  }

  /** How many frames ever left, taken or dropped. */
  get left(): number {
    return this.#entered - this.#frames.length;
  }

  push(frame: Frame, bytes: number): void {
    this.#frames.push(frame);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    this.#held.bytes += bytes;
    this.#entered++;
    this.#enteredBytes += bytes;
  }

  /** Takes the frames of one message of at most `maxBytes`; a larger frame goes alone. */
  take(maxBytes: number): Frame[] {
    if (this.#bytes <= maxBytes) return this.clear();
    let count = 0, taken = 0;
    for (const size of this.#sizes) {
      if (count > 0 && taken + size > maxBytes) break;
      taken += size;
      count++;
    }
    this.#bytes -= taken;
    this.#held.bytes -= taken;
    this.#sizes.splice(0, count);
    return this.#frames.splice(0, count);
  }

  /** Takes everything. */
  clear(): Frame[] {
    const frames = this.#frames;
    this.#held.bytes -= this.#bytes;
    this.#frames = [];
    this.#sizes = [];
    this.#bytes = 0;
    return frames;
  }
}
