/**
 * One client's WebSocket: frames go in at `send`, WebSocket messages come out at the flush.
 *
 * Invariant: what waits for a peer, and for all of them, is bounded by us and not by them: beyond a
 * small high-water nothing more is handed to the runtime, and a socket told to close is gone within
 * `CLOSE_TIMEOUT_MS`, even when its peer reads nothing. Knows nothing of sessions or of commands.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Codec, Frame } from "shared/wire/codec.ts";
import { badRequest, type Close, CLOSES } from "shared/wire/codes.ts";
import type { Turns } from "shared/turns.ts";
import type { Flushable, Flusher } from "./flusher.ts";
import { INTAKE, Intake, type IntakeRate } from "./intake.ts";
import { type Held, SendQueue } from "./send_queue.ts";

/** A peer that does not answer the close frame is cut off after this. */
export const CLOSE_TIMEOUT_MS = 1000;
/** The size at which frames start a new WebSocket message. */
const MESSAGE_BYTES = 64 * 1024;
/** What the runtime may hold for a socket before the rest waits in our queue. */
const HIGH_WATER_BYTES = 64 * 1024;
const NOT_TEXT = "a JSON frame must be text";
const NOT_BINARY = "a Protobuf frame must be binary";

export interface Socket {
  readonly codec: Codec;
  /**
   * Queues a frame; false when that would pass the limit (the caller then closes slow), where
   * `elsewhereBytes` wait for this peer in another place. After `close` frames are dropped.
   */
  send(frame: Frame, elsewhereBytes?: number): boolean;
  /** Bytes queued by us and by the runtime. */
  readonly queuedBytes: number;
  /** Resolves when less than `maxBytes` is queued, or when the socket has closed. */
  below(maxBytes: number): Promise<void>;
  /** Frames queued since the start. */
  readonly framesQueued: number;
  /** Frames handed to the runtime since the start. */
  readonly framesWritten: number;
  /**
   * Sends what is queued, unless the peer has stopped reading, then the close frame. Ends the
   * connection `CLOSE_TIMEOUT_MS` later whatever the peer does.
   */
  close(close: Close): void;
  terminate(): void;
}

export interface SocketHandler {
  /** Text on a JSON connection, bytes on a Protobuf one. Not called after `close`. */
  onFrame(data: string | Uint8Array): void;
  /** Called once, with the code of our own close when we closed. */
  onClose(info: { code: number; reason: string }): void;
}

export interface SocketOptions {
  codec: Codec;
  flusher: Flusher;
  sendBufferBytes: number;
  /** What waits for all peers together, and what may. */
  held: Held;
  maxHeldBytes: number;
  /** Default: `INTAKE`. */
  intake?: IntakeRate | undefined;
  turns: Pick<Turns, "nowMs" | "later">;
  /** An exception of a handler: it costs its own connection, and nobody else's. */
  onFault(error: unknown): void;
}

export class WsSocket implements Socket, Flushable {
  readonly codec: Codec;
  readonly #ws: WebSocket;
  readonly #stream: Duplex;
  readonly #flusher: Flusher;
  readonly #held: Held;
  readonly #maxHeldBytes: number;
  readonly #queue: SendQueue;
  readonly #highWaterBytes: number;
  readonly #limitBytes: number;
  readonly #onFault: (error: unknown) => void;
  readonly #turns: SocketOptions["turns"];
  readonly #intake: Intake;
  #cancelPause: (() => void) | undefined;
  #marked = false;
  #closing: Close | undefined;
  #waiting: { maxBytes: number; resolve: () => void }[] = [];

  /** `stream` is the connection below `ws`. */
  constructor(ws: WebSocket, stream: Duplex, options: SocketOptions) {
    this.codec = options.codec;
    this.#ws = ws;
    this.#stream = stream;
    this.#flusher = options.flusher;
    this.#held = options.held;
    this.#maxHeldBytes = options.maxHeldBytes;
    this.#queue = new SendQueue(options.held);
    this.#limitBytes = options.sendBufferBytes;
    this.#onFault = options.onFault;
    this.#turns = options.turns;
    this.#intake = new Intake(options.intake ?? INTAKE);
    // Below the stream's own mark it would not tell us when it has drained.
    this.#highWaterBytes = Math.max(HIGH_WATER_BYTES, stream.writableHighWaterMark);
    stream.on("drain", () => {
      this.#mark();
      this.#wake();
    });
  }

  get queuedBytes(): number {
    return this.#queue.bytes + this.#stream.writableLength;
  }

  below(maxBytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ maxBytes, resolve });
      this.#wake();
    });
  }

  /** Whether it was told to close, and waits for its peer at most. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  get framesQueued(): number {
    return this.#queue.entered;
  }

  /** What the frames queued since the start took. */
  get bytesQueued(): number {
    return this.#queue.enteredBytes;
  }

  get framesWritten(): number {
    return this.#queue.left;
  }

  send(frame: Frame, elsewhereBytes = 0): boolean {
    if (this.#closing || !this.#isOpen) return true;
    const bytes = this.#flusher.sizeOf(frame);
    const queuedBytes = this.queuedBytes + elsewhereBytes + bytes;
    if (queuedBytes > this.#limitBytes) return false;
    // When all together hold too much, whoever holds more than a little is slow.
    if (this.#held.bytes > this.#maxHeldBytes && queuedBytes > HIGH_WATER_BYTES) return false;
    this.#queue.push(frame, bytes);
    this.#mark();
    return true;
  }

  close(close: Close): void {
    if (this.#closing) return;
    this.#closing = close;
    if (!this.#isOpen || this.#stream.writableLength > this.#highWaterBytes) this.#queue.clear();
    while (this.#queue.length > 0) this.#write();
    this.#wake();
    this.#ws.close(close.code, close.reason);
  }

  terminate(): void {
    this.#closing ??= { code: 1006, reason: "" };
    this.#queue.clear();
    this.#wake();
    this.#ws.terminate();
  }

  flush(): void {
    this.#marked = false;
    // Behind a close frame nothing may follow.
    if (!this.#isOpen) this.#queue.clear();
    while (this.#queue.length > 0 && this.#stream.writableLength <= this.#highWaterBytes) {
      this.#write();
    }
    this.#wake();
  }

  /** Connects the handler; what it throws closes this socket alone. */
  attach(handler: SocketHandler): void {
    const text = this.codec.format === "json";
    this.#ws.on("message", (data: Buffer, isBinary: boolean) => {
      this.#heard(data.length);
      if (this.#closing) return;
      if (isBinary === text) return this.close(badRequest(text ? NOT_TEXT : NOT_BINARY));
      this.#guarded(() => handler.onFrame(text ? data.toString() : data));
    });
    // `ws` has answered them; what is left is that they count.
    this.#ws.on("ping", (data: Buffer) => this.#heard(data.length));
    this.#ws.on("pong", (data: Buffer) => this.#heard(data.length));
    this.#ws.once("close", (code: number, reason: Buffer) => {
      const close = this.#closing ?? { code, reason: reason.toString() };
      this.#closing ??= close;
      this.#cancelPause?.();
      this.#queue.clear();
      this.#wake();
      this.#guarded(() => handler.onClose(close));
    });
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onFault(error);
      this.close(CLOSES.internal);
    }
  }

  #heard(bytes: number): void {
    const nowMs = this.#turns.nowMs();
    this.#intake.heard(bytes, nowMs);
    if (this.#cancelPause || this.#intake.pauseMs(nowMs) === 0) return;
    this.#ws.pause();
    this.#readLater();
  }

  /** What was on its way already when it was paused is still handled, and adds to the pause. */
  #readLater(): void {
    const pauseMs = this.#intake.pauseMs(this.#turns.nowMs());
    this.#cancelPause = this.#turns.later(() => {
      this.#cancelPause = undefined;
      if (this.#intake.pauseMs(this.#turns.nowMs()) > 0) this.#readLater();
      else this.#ws.resume();
    }, pauseMs);
  }

  #mark(): void {
    if (this.#marked || this.#queue.length === 0) return;
    this.#marked = true;
    this.#flusher.mark(this);
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const bytes = this.#closing ? 0 : this.queuedBytes;
    const woken = this.#waiting.filter(({ maxBytes }) => bytes < maxBytes);
    this.#waiting = this.#waiting.filter(({ maxBytes }) => bytes >= maxBytes);
    for (const { resolve } of woken) resolve();
  }

  #write(): void {
    const frames = this.#queue.take(MESSAGE_BYTES);
    // Past `ws`, which would make a header and two writes of it for each socket. It writes its own
    // pongs and close frame to the same stream, whole and at once, so their order holds.
    this.#stream.write(this.#flusher.join(this.codec, frames));
  }
}
