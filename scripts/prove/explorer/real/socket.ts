/**
 * The socket of a feed, as far as a feed sees one.
 *
 * Invariant: it takes every frame. One that is slow is full after each, until it is told that the
 * device has read.
 *
 * @module
 */

import type { Socket } from "edge/socket/socket.ts";
import type { Gsid } from "shared/gsid.ts";
import type { Codec, Frame } from "shared/wire/codec.ts";

/** `gsid` is left out of a bare cursor, and both of a ping. */
export interface Queued {
  gsid?: Gsid;
  offset?: Gsid;
}

export interface FeedSocketOptions {
  slow: boolean;
  /** What waits in it when it is full. */
  fullBytes: number;
  onQueued(frame: Queued): void;
  /** Resolves when the device has read. */
  room(): Promise<void>;
}

/** What a feed sees of a socket. */
export type AsSeen = Pick<Socket, "codec" | "send" | "framesQueued" | "queuedBytes" | "below">;

export class FeedSocket implements AsSeen {
  readonly codec = {
    format: "json",
    push: (event: string, offset?: Gsid) => JSON.stringify({ ...JSON.parse(event), offset }),
  } as unknown as Codec;
  framesQueued = 0;
  full = false;
  readonly #options: FeedSocketOptions;

  constructor(options: FeedSocketOptions) {
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.full ? this.#options.fullBytes : 0;
  }

  send(frame: Frame): boolean {
    this.framesQueued++;
    this.full = this.#options.slow;
    const { gsid, offset } = JSON.parse(frame as string) as Queued;
    this.#options.onQueued({
      ...(gsid !== undefined && { gsid }),
      ...(offset !== undefined && { offset }),
    });
    return true;
  }

  below(): Promise<void> {
    return this.#options.room();
  }
}
