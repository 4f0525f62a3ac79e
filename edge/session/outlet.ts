/**
 * The way of a feed's events into the socket of its connection.
 *
 * Invariant: every event that goes in is noted with its place, so that it is known what a device has
 * confirmed; and what may wait for a client is bounded, wherever it waits: a socket that would hold
 * more ends its connection. Knows nothing of where events come from.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import { type Close, CLOSES } from "shared/wire/codes.ts";
import type { Codec, Frame } from "shared/wire/codec.ts";
import type { Socket } from "../socket/socket.ts";
import { Receipts } from "./receipts.ts";

/**
 * Of all that may wait for a client, the share of the socket beyond which a catch-up waits, and that
 * which may wait behind a catch-up. So half is left for answers and for what is live.
 */
const SHARE = 1 / 4;

export class Outlet {
  readonly receipts = new Receipts();
  /** What may wait behind a catch-up. */
  readonly shareBytes: number;
  readonly #socket: Socket;
  readonly #maxBytes: number;
  readonly #end: (close: Close) => void;
  #lastOffset: Gsid = 0;

  /** `maxBytes`: what may wait for the client. `end` ends its connection. */
  constructor(socket: Socket, maxBytes: number, end: (close: Close) => void) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.shareBytes = maxBytes * SHARE;
    this.#end = end;
  }

  get codec(): Codec {
    return this.#socket.codec;
  }

  /** The cursor that the client has. */
  get lastOffset(): Gsid {
    return this.#lastOffset;
  }

  set lastOffset(offset: Gsid) {
    this.#lastOffset = offset;
  }

  /** What may still wait, behind what waits in the socket. */
  get roomBytes(): number {
    return this.#maxBytes - this.#socket.queuedBytes;
  }

  /** Whether a catch-up should wait for the client to read. */
  get isFull(): boolean {
    return this.#socket.queuedBytes > this.shareBytes;
  }

  /** Resolves when the client has read much of what waits, or its connection has ended. */
  drained(): Promise<void> {
    return this.#socket.below(this.shareBytes / 2);
  }

  /** `buffered`: what waits for the client elsewhere. */
  sendEvent(gsid: Gsid, frame: Frame, offset: Gsid, buffered: number): void {
    if (!this.#send(frame, buffered)) return;
    if (offset > 0) this.#lastOffset = offset;
    this.receipts.queued(gsid, this.#socket.framesQueued);
  }

  /** A client whose cursor lags is told how far it may move. */
  sendCursor(proven: Gsid): void {
    if (this.#lastOffset >= proven) return;
    if (this.#send(this.codec.push(`{"type":"cursor"}`, proven), 0)) this.#lastOffset = proven;
  }

  proved(proven: Gsid): void {
    this.receipts.proved(proven, this.#socket.framesQueued);
  }

  #send(frame: Frame, buffered: number): boolean {
    if (this.#socket.send(frame, buffered)) return true;
    this.#end(CLOSES.slow);
    return false;
  }
}
