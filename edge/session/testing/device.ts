/**
 * A device whose app stores what it gets, and checks every cursor that it is given.
 *
 * Invariant: what it has stored outlives its connections. For tests alone.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { UserId } from "shared/ids.ts";
import type { Codec, Position } from "shared/wire/codec.ts";
import type { Socket } from "../../socket/socket.ts";
import type { Feed } from "../feed.ts";
import type { Database } from "./database.ts";

const codec = {
  format: "json",
  push: (event: string, offset?: number) => JSON.stringify({ ...JSON.parse(event), offset }),
} as unknown as Codec;

/** A device: what its app has stored outlives its connections. */
export class Device {
  readonly got = new Set<number>();
  cursor: Position | undefined;
  from = 0;
  feed: Feed | undefined;
  /** May send: its connection was accepted. */
  attached = false;
  #wire: string[] = [];
  #waiting: { maxBytes: number; resolve: () => void }[] = [];

  constructor(readonly user: UserId, readonly database: Database, readonly trace: string[]) {}

  socket(): Socket {
    const wire = this.#wire = [] as string[];
    let queued = 0;
    return {
      codec,
      send: (frame: string) => (queued++, wire.push(frame), true),
      get queuedBytes() {
        return sizeOf(wire);
      },
      below: (maxBytes: number) =>
        new Promise<void>((resolve) => this.#waiting.push({ maxBytes, resolve })),
      get framesQueued() {
        return queued;
      },
    } as unknown as Socket;
  }

  read(frames: number): void {
    for (const frame of this.#wire.splice(0, frames)) {
      const { gsid, offset } = JSON.parse(frame) as { gsid?: number; offset?: number };
      if (gsid !== undefined) {
        const event = this.database.events.find((e) => e.gsid === gsid)!;
        this.trace.push(`${this.feed?.id} gets ${gsid} with ${offset}`);
        assert.ok(
          event.readers.has(this.user),
          `${this.user} is shown ${gsid} without being a member`,
        );
        this.got.add(gsid);
      }
      if (offset === undefined) continue;
      this.cursor = { gsid: offset, epoch: "E" };
      this.lacksNothingUpTo(offset);
    }
    this.#wake(sizeOf(this.#wire));
  }

  /** The reply to its own send, which carries no cursor. */
  reply(gsid: number): void {
    this.#wire.push(JSON.stringify({ gsid }));
  }

  drop(): void {
    this.trace.push(`${this.feed?.id} ends`);
    this.feed?.stop();
    this.feed = undefined;
    this.attached = false;
    this.#wire = [];
    this.#wake(0);
  }

  #wake(bytes: number): void {
    const woken = this.#waiting.filter(({ maxBytes }) => bytes < maxBytes);
    this.#waiting = this.#waiting.filter(({ maxBytes }) => bytes >= maxBytes);
    for (const { resolve } of woken) resolve();
  }

  lacksNothingUpTo(upto: number): void {
    for (const { gsid, readers } of this.database.events) {
      if (gsid <= this.from || gsid > upto || !readers.has(this.user)) continue;
      assert.ok(this.got.has(gsid), `${this.user} has cursor ${upto} but not ${gsid}`);
    }
  }
}

function sizeOf(frames: string[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}
