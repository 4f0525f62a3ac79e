/**
 * One way of a proxied connection: what passes, and when.
 *
 * Invariant: what arrives is a beginning of what was sent, in order; at most `WINDOW_BYTES` wait
 * here, and a sender that is faster waits for them. Knows neither its other way nor what the bytes
 * say.
 *
 * @module
 */

import { pause } from "shared/pause.ts";
import type { Pace } from "./faults.ts";
import { Pacer } from "./pace.ts";

export interface FlowOptions {
  from: Deno.TcpConn;
  to: Deno.TcpConn;
  /** Aborted when the connection is cut. */
  isCut: AbortSignal;
  cut(): void;
  /** The receiver is gone: whoever sends to it must be told, as far as that way lets it. */
  onReceiverGone(): void;
  /** Looks at what is to arrive: how much of it may, and whether the connection ends then. */
  inspect(bytes: Uint8Array): Inspected;
  random(): number;
}

export interface Inspected {
  pass: Uint8Array;
  cut: boolean;
}

/** Bytes, or how the sender ended: in order, or abruptly. */
type Piece = Uint8Array | "end" | "reset";

const WINDOW_BYTES = 256 * 1024;

export class Flow {
  readonly #options: FlowOptions;
  readonly #pacer: Pacer;
  #passage: "open" | "held" | "swallowed" | "closed" = "open";
  #changed = Promise.withResolvers<void>();
  /** Whether bytes were lost that the receiver would miss. */
  #isTorn = false;
  #bytesLeft = Infinity;
  #waitingBytes = 0;
  #arrivals: Promise<void> = Promise.resolve();

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#pacer = new Pacer(options.random);
    options.isCut.addEventListener("abort", () => this.#changed.resolve(), { once: true });
  }

  /** Resolves when the sender has ended and nothing of it is on the way. */
  async run(): Promise<void> {
    for (;;) {
      const piece = await this.#read();
      this.#send(piece);
      if (typeof piece === "string") break;
      if (this.#waitingBytes > WINDOW_BYTES) await this.#arrivals;
    }
    await this.#arrivals;
  }

  /** The sender is known to be gone; that it is travels like everything it sent. */
  senderGone(): void {
    this.#send("reset");
  }

  slow(pace: Pace): void {
    this.#pacer.pace = pace;
  }

  hold(): void {
    this.#turn("held");
  }

  swallow(): void {
    this.#turn("swallowed");
  }

  async halfClose(): Promise<void> {
    this.#turn("closed");
    await this.#closeReceiver();
  }

  cutAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  resume(): void {
    if (this.#isTorn) return this.#options.cut();
    this.#pacer.pace = {};
    this.#bytesLeft = Infinity;
    this.#turn("open");
  }

  /** A way that was closed stays closed. */
  #turn(passage: "open" | "held" | "swallowed" | "closed"): void {
    if (this.#passage === "closed") return;
    this.#passage = passage;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #read(): Promise<Piece> {
    const buffer = new Uint8Array(this.#pacer.pieceBytes);
    try {
      const count = await this.#options.from.read(buffer);
      return count === null ? "end" : buffer.subarray(0, count);
    } catch {
      return "reset";
    }
  }

  #send(piece: Piece): void {
    const bytes = typeof piece === "string" ? 0 : piece.length;
    const arrivalMs = this.#pacer.arrivalMs(performance.now(), bytes);
    this.#waitingBytes += bytes;
    this.#arrivals = this.#arrivals.then(async () => {
      await this.#arrive(piece, arrivalMs);
      this.#waitingBytes -= bytes;
    });
  }

  async #arrive(piece: Piece, arrivalMs: number): Promise<void> {
    const { isCut, cut } = this.#options;
    const waitMs = arrivalMs - performance.now();
    if (waitMs > 0 && !isCut.aborted) await pause(waitMs, isCut);
    while (this.#passage === "held" && !isCut.aborted) await this.#changed.promise;
    if (isCut.aborted || this.#passage === "closed") return;
    if (this.#passage === "swallowed") this.#isTorn = true;
    else if (piece === "reset") cut();
    else if (piece === "end") await this.#closeReceiver();
    else await this.#deliver(piece);
  }

  async #deliver(bytes: Uint8Array): Promise<void> {
    const { inspect, cut } = this.#options;
    const inspected = inspect(bytes);
    const pass = inspected.pass.subarray(0, this.#bytesLeft);
    const isLast = inspected.pass.length >= this.#bytesLeft;
    this.#bytesLeft -= pass.length;
    await this.#write(pass);
    if (inspected.cut || isLast) cut();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      for (let rest = bytes; rest.length > 0;) {
        rest = rest.subarray(await this.#options.to.write(rest));
      }
    } catch {
      this.#options.onReceiverGone();
    }
  }

  async #closeReceiver(): Promise<void> {
    try {
      await this.#options.to.closeWrite();
    } catch {
      // It is gone already, which whoever reads from it will see.
    }
  }
}
