/**
 * From catch-up to live: what a connection does with an event that the hub hands it.
 *
 * Invariant: what is handed during a catch-up waits behind it, first in, first out, and nothing is
 * ever thinned out: a buffer over its limit is dropped whole, and read from the database instead.
 * Knows nothing of sockets, of reads or of how long either takes.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { GroupId } from "shared/ids.ts";
import type { TopicKey } from "shared/topic.ts";

export interface Waiting {
  readonly gsid: Gsid;
  readonly topic: TopicKey;
  readonly size: number;
}

/** A group that the user joined while connected: its events are to be read up to now. */
export interface Gain {
  readonly group: GroupId;
  readonly joined: Gsid;
  /** A cursor that was valid when the join was handed out. */
  readonly cursor: Gsid;
}

export type Next<Event> = { event: Event } | { gain: Gain } | "live" | "read on";

export class Cutover<Event extends Waiting> {
  readonly #maxBytes: number;
  #live = false;
  #buffer: ({ event: Event } | { gain: Gain })[] = [];
  #bytes = 0;
  #overflowed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Past its cut-over, nothing buffered, no catch-up running. */
  get live(): boolean {
    return this.#live;
  }

  /** True: send it now. False: it waits, or the database has it. */
  take(event: Event): boolean {
    if (this.#live) return true;
    if (this.#overflowed) return false;
    this.#bytes += event.size;
    if (this.#bytes > this.#maxBytes) this.#overflow();
    else this.#buffer.push({ event });
    return false;
  }

  /** A topic was gained, right behind the events handed so far. */
  gain(gain: Gain): void {
    this.#live = false;
    if (!this.#overflowed) this.#buffer.push({ gain });
  }

  /**
   * A snapshot was taken: drops what it covers. `covers` says so for an event; gains up to `head`
   * are covered when the snapshot was of all topics.
   */
  settle(covers: (event: Event) => boolean, head?: Gsid): void {
    this.#buffer = this.#buffer.filter((item) =>
      "event" in item ? !covers(item.event) : head === undefined || item.gain.joined > head
    );
    this.#bytes = this.#buffer.reduce((sum, i) => sum + ("event" in i ? i.event.size : 0), 0);
  }

  /** What is to be done next; "live": nothing, from now on events are sent as they come. */
  next(): Next<Event> {
    if (this.#overflowed) {
      this.#overflowed = false;
      return "read on";
    }
    const item = this.#buffer.shift();
    if (!item) {
      this.#live = true;
      return "live";
    }
    if ("event" in item) this.#bytes -= item.event.size;
    return item;
  }

  #overflow(): void {
    this.#buffer = [];
    this.#bytes = 0;
    this.#overflowed = true;
  }
}
