/**
 * All connections of this edge: made, ticked, and let go.
 *
 * Invariant: every connection is ticked about once in `ROUND_MS`, a few at a time, so that a
 * hundred thousand of them never hold up the event loop together. Knows nothing of what they say.
 *
 * @module
 */

import type { ConnectionId } from "shared/ids.ts";
import type { Close } from "shared/wire/codes.ts";
import type { Connection } from "./session/connection.ts";
import type { Socket, SocketHandler } from "./socket/socket.ts";
import type { Turns } from "shared/turns.ts";

const ROUND_MS = 1000;
const SLICE_MS = 100;
/** A slice that comes so late follows a standstill of the whole process. */
const STANDSTILL_MS = 1000;
/** A command that an origin has not answered within this will not be answered. */
const LAST_ANSWER_MS = 5000;

export interface ConnectionsOptions {
  open(id: ConnectionId, socket: Socket): Connection;
  /** A name that no other connection has, on any edge. */
  newId(): ConnectionId;
  turns: Turns;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #all = new Set<Connection>();
  /** Where the round of ticks stands; a set's iterator sees who comes and goes. */
  #round: Iterator<Connection>;
  #cancelTick: () => void = () => {};
  #wasLate = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#round = this.#all.values();
  }

  get size(): number {
    return this.#all.size;
  }

  start(): void {
    const { turns } = this.#options;
    const dueMs = turns.nowMs() + SLICE_MS;
    this.#cancelTick = turns.later(() => {
      // What clients said during a standstill is read first: they were not silent, we were deaf.
      const late = turns.nowMs() - dueMs > STANDSTILL_MS;
      if (!late || this.#wasLate) this.#tick();
      this.#wasLate = late;
      this.start();
    }, SLICE_MS);
  }

  stop(): void {
    this.#cancelTick();
  }

  /** The handler of a new socket. */
  add(socket: Socket): SocketHandler {
    const connection = this.#options.open(this.#options.newId(), socket);
    this.#all.add(connection);
    return {
      onFrame: (data) => connection.onFrame(data),
      onClose: (info) => {
        this.#all.delete(connection);
        connection.onClose(info);
      },
    };
  }

  /** Ends all of them now. */
  endAll(close: Close): void {
    for (const connection of [...this.#all]) connection.end(close);
  }

  /**
   * Ends all that are open now, evenly over `overMs`; one that waits for an answer gets it first,
   * and begins nothing new. Ends early, with the rest left alone, as soon as `goOn` says no.
   */
  async release(close: Close, overMs: number, goOn = () => true): Promise<void> {
    const slices = Math.max(1, Math.ceil(overMs / SLICE_MS));
    const leaving = [...this.#all];
    const perSlice = Math.ceil(leaving.length / slices);
    for (let i = 0; i < leaving.length && goOn(); i += perSlice) {
      for (const connection of leaving.slice(i, i + perSlice)) connection.leave(close);
      if (i + perSlice < leaving.length) await this.#wait(SLICE_MS);
    }
    const untilMs = this.#options.turns.nowMs() + LAST_ANSWER_MS;
    const isOpen = (connection: Connection) => this.#all.has(connection) && !connection.isClosed;
    while (goOn() && leaving.some(isOpen) && this.#options.turns.nowMs() < untilMs) {
      await this.#wait(20);
    }
    if (goOn()) { for (const connection of leaving) connection.end(close); }
  }

  #tick(): void {
    const nowMs = this.#options.turns.nowMs();
    const count = Math.ceil(this.#all.size * SLICE_MS / ROUND_MS);
    for (let i = 0; i < count; i++) {
      const next = this.#round.next();
      if (!next.done) next.value.tick(nowMs);
      else this.#round = this.#all.values();
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.turns.later(resolve, ms));
  }
}
