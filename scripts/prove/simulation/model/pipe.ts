/**
 * A WebSocket between a device and an edge: the edge's socket at one end, frames at the other.
 *
 * Invariant: frames arrive in order or not at all. What the device has not read counts as queued,
 * beyond what the kernels between them hold. A peer that is gone without a word takes nothing more,
 * and says nothing.
 *
 * @module
 */

import type { Close } from "shared/wire/codes.ts";
import type { Codec, Frame } from "shared/wire/codec.ts";
import type { Socket, SocketHandler } from "edge/socket/socket.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import { Wire } from "./wire.ts";

export interface PipeClient {
  onFrame(frame: string): void;
  /** Once, when the device learns that the connection has ended. */
  onClosed(code: number): void;
}

export interface PipeOptions {
  timeline: Timeline;
  random: Random;
  /** The edge's. */
  process: Process;
  codec: Codec;
  limitBytes: number;
  client: PipeClient;
}

const LATENCY_MS = { least: 1, most: 60 };
const KERNEL_BYTES = 600;
/** As in `edge/socket/socket.ts`. */
const CLOSE_TIMEOUT_MS = 1_000;
const ABNORMAL = 1006;

export class Pipe implements Socket {
  readonly codec: Codec;
  readonly #options: PipeOptions;
  readonly #down: Wire;
  readonly #up: Wire;
  #handler: SocketHandler | undefined;
  #frames = 0;
  #unreadBytes = 0;
  #unread: string[] = [];
  #waiting: { maxBytes: number; resolve: () => void }[] = [];
  #reading = true;
  /** The device is gone, and the edge does not know. */
  #gone = false;
  /** The edge has closed it, or learnt that the device has. */
  #serverClosed = false;
  #clientClosed = false;
  #toldHandler = false;

  constructor(options: PipeOptions) {
    this.#options = options;
    this.codec = options.codec;
    this.#down = new Wire(options.timeline, options.random, LATENCY_MS);
    this.#up = new Wire(options.timeline, options.random, LATENCY_MS);
    options.process.onDeath(() => this.#die());
  }

  // The edge's end.

  attach(handler: SocketHandler): void {
    this.#handler = handler;
  }

  /** Whether the edge has it open. */
  get open(): boolean {
    return !this.#serverClosed && this.#options.process.alive;
  }

  belongsTo(process: Process): boolean {
    return this.#options.process === process;
  }

  get framesQueued(): number {
    return this.#frames;
  }

  get framesWritten(): number {
    return this.#frames;
  }

  get queuedBytes(): number {
    return Math.max(0, this.#unreadBytes - KERNEL_BYTES);
  }

  below(maxBytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ maxBytes, resolve });
      this.#wake();
    });
  }

  send(frame: Frame, elsewhereBytes = 0): boolean {
    if (this.#serverClosed) return true;
    const text = frame as string;
    if (this.queuedBytes + elsewhereBytes + text.length > this.#options.limitBytes) return false;
    this.#frames++;
    this.#unreadBytes += text.length;
    if (!this.#gone) this.#down.send(() => this.#arrive(text));
    return true;
  }

  close({ code }: Close): void {
    if (this.#serverClosed) return;
    this.#serverClosed = true;
    this.#wake();
    const { process } = this.#options;
    process.after(CLOSE_TIMEOUT_MS, () => this.#tellHandler(code));
    if (this.#gone) return;
    this.#down.send(() => {
      if (!this.#reading) return void this.#unread.push(closing(code));
      this.#endClient(code);
      this.#up.send(() => process.run(() => this.#tellHandler(code)));
    });
  }

  terminate(): void {
    this.close({ code: ABNORMAL, reason: "" });
  }

  // The device's end.

  say(frame: string): void {
    if (this.#clientClosed || this.#gone) return;
    this.#up.send(() =>
      this.#options.process.run(() => {
        if (!this.#serverClosed) this.#handler?.onFrame(frame);
      })
    );
  }

  /** Says goodbye. */
  hangUp(code = 1000): void {
    if (this.#clientClosed) return;
    this.#clientClosed = true;
    this.#up.send(() =>
      this.#options.process.run(() => {
        this.#serverClosed = true;
        this.#wake();
        this.#tellHandler(code);
      })
    );
  }

  /** Is cut off without a word: nothing arrives at either end any more. */
  vanish(): void {
    this.#gone = true;
    this.#down.break();
    this.#up.break();
    this.#up.lose();
  }

  /** Learns by itself that nobody is there. */
  notice(): void {
    this.#endClient(ABNORMAL);
  }

  /** Reads no more, until it does again. */
  pause(): void {
    this.#reading = false;
  }

  resume(): void {
    this.#reading = true;
    const unread = this.#unread;
    this.#unread = [];
    for (const frame of unread) {
      const code = codeOf(frame);
      if (code === undefined) this.#arrive(frame);
      else this.#endClient(code);
    }
  }

  #arrive(frame: string): void {
    if (!this.#reading) return void this.#unread.push(frame);
    this.#unreadBytes -= frame.length;
    this.#options.process.run(() => this.#wake());
    if (!this.#clientClosed) this.#options.client.onFrame(frame);
  }

  #endClient(code: number): void {
    if (this.#clientClosed) return;
    this.#clientClosed = true;
    this.#options.client.onClosed(code);
  }

  #tellHandler(code: number): void {
    if (this.#toldHandler) return;
    this.#toldHandler = true;
    this.#handler?.onClose({ code, reason: "" });
  }

  /** The edge died: the device hears of it, as a rule soon. */
  #die(): void {
    if (this.#clientClosed || this.#gone) return;
    const { timeline, random } = this.#options;
    this.#down.break();
    timeline.after(random.between(1, 300), () => this.#endClient(ABNORMAL));
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const bytes = this.#serverClosed ? 0 : this.queuedBytes;
    const woken = this.#waiting.filter(({ maxBytes }) => bytes < maxBytes);
    this.#waiting = this.#waiting.filter(({ maxBytes }) => bytes >= maxBytes);
    for (const { resolve } of woken) resolve();
  }
}

/** A close among frames that are not read yet: no frame of the protocol begins so. */
function closing(code: number): string {
  return `close ${code}`;
}

function codeOf(frame: string): number | undefined {
  return frame.startsWith("close ") ? Number(frame.slice(6)) : undefined;
}
