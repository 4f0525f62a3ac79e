/**
 * Up to which event a device is known to have received everything that its connection was sent.
 *
 * Invariant: a position is the highest `proven` that was noted at no more frames than the device
 * has confirmed, so it never covers an event that still lies behind it in the socket. It may be
 * forgotten, never invented. Knows nothing of what is in a frame.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";

/** Events whose place in the queue is remembered, for acks by gsid; older ones are forgotten. */
const MAX_EVENTS = 1_024;

export class Receipts {
  /** `proven` and the number of frames queued when it took that value, both rising. */
  #marks: { proven: Gsid; frames: number }[] = [];
  /** A ring of the last events and their frames: this happens for every delivery. */
  readonly #gsids: Gsid[] = [];
  readonly #frames: number[] = [];
  #next = 0;
  /** For each ping not answered yet, the frames queued before it. */
  #pings: number[] = [];
  #confirmed = 0;
  #position: Gsid = 0;
  #newest: Gsid = 0;
  #told: Gsid = 0;

  /** Everything up to here was received; 0: nothing is known. */
  get position(): Gsid {
    return this.#position;
  }

  /** Whether a confirmation would tell something new. */
  get open(): boolean {
    return this.#marks.length > 0;
  }

  /**
   * Whether the position has passed an event since it was told. It rises by itself too, when what
   * was confirmed long ago is proven; without an event in between nobody asks for it.
   */
  get hasNews(): boolean {
    return this.#position > this.#told && this.#newest > this.#told;
  }

  /** The position, to be told to others. */
  tell(): Gsid {
    return this.#told = this.#position;
  }

  /** An event went into the queue as frame number `frames`. */
  queued(gsid: Gsid, frames: number): void {
    this.#newest = Math.max(this.#newest, gsid);
    this.#gsids[this.#next] = gsid;
    this.#frames[this.#next] = frames;
    this.#next = (this.#next + 1) % MAX_EVENTS;
  }

  /** `proven` took a new value while `frames` were queued. Only of a connection that is live. */
  proved(proven: Gsid, frames: number): void {
    const last = this.#marks.at(-1);
    if (last?.frames === frames) last.proven = proven;
    else this.#marks.push({ proven, frames });
    this.#settle();
  }

  pinged(frames: number): void {
    this.#pings.push(frames);
  }

  ponged(): void {
    const frames = this.#pings.shift();
    if (frames !== undefined) this.#confirm(frames);
  }

  /** The app has processed everything that came up to this event. */
  acked(gsid: Gsid): void {
    // The first of two places is the safe one: what came between may not be processed yet.
    const place = this.#gsids.indexOf(gsid);
    if (place >= 0) this.#confirm(this.#frames[place]!);
  }

  /** The content as text: equal for receipts that behave alike from here on. */
  toString(): string {
    const marks = this.#marks.map(({ proven, frames }) => `${proven}#${frames}`);
    const events = this.#gsids.map((gsid, i) => `${gsid}#${this.#frames[i]}`);
    return `${this.#position}#${this.#confirmed} [${marks}] [${events}] [${this.#pings}]`;
  }

  #confirm(frames: number): void {
    this.#confirmed = Math.max(this.#confirmed, frames);
    this.#settle();
  }

  #settle(): void {
    let passed = 0;
    while (passed < this.#marks.length && this.#marks[passed]!.frames <= this.#confirmed) {
      this.#position = Math.max(this.#position, this.#marks[passed++]!.proven);
    }
    if (passed > 0) this.#marks = this.#marks.slice(passed);
  }
}
