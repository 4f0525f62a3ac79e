/**
 * Keeps an edge's presence lease: sends what the lease decides, one request at a time.
 *
 * Invariant: requests never overtake each other, so the last word about a user is the last one
 * written; while one is under way, changes gather for the next. A store that is slow delays nobody
 * longer than `PATIENCE_MS`, one that is known to fail delays nobody, and it is tried again until it
 * answers.
 *
 * @module
 */

import type { UserId } from "shared/ids.ts";
import type { PresentDevice } from "shared/presence.ts";
import type { Turns } from "shared/turns.ts";
import { Lease, type LeaseRequest, type LeaseSettings } from "./lease.ts";
import type { PresenceStore } from "./store.ts";

/** A connect does not wait longer for its presence to be written. */
const PATIENCE_MS = 1000;
const RETRY_MS = 1000;
/** A beat that comes so late is that of an edge which did not run. */
const STALLED_MS = 2000;
/** It hears first who has gone meanwhile: a lease that lapsed is written again with whoever is left. */
const WAKING_MS = 1000;

export interface LeaseKeeperOptions extends LeaseSettings {
  beatS: number;
  store: PresenceStore;
  turns: Turns;
  /** Wall clock, ms since 1970. */
  now(): number;
  /** A request that failed; `beat` tells a heartbeat from a write. */
  onFault(error: unknown, kind: LeaseRequest["kind"]): void;
}

/** Somebody who is told when the write has succeeded, or failed for the first time. */
type Waiter = () => void;

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #lease: Lease;
  readonly #waiters = new Map<UserId, Set<Waiter>>();
  #failing = false;
  #sending: Promise<void> | undefined;
  #armed = false;
  #state: "new" | "kept" | "ended" = "new";
  #cancelBeat: () => void = () => {};
  #cancelRetry: (() => void) | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#lease = new Lease(options);
  }

  /** Whether others can believe what the store says of this edge, as far as it is known to answer. */
  get whole(): boolean {
    return this.#lease.whole && !this.#failing;
  }

  start(): void {
    this.#state = "kept";
    this.#scheduleBeat();
    this.#arm();
  }

  /** Users whose presence somebody waits for, and those whose last change is not written. */
  get backlog(): { waitedFor: number; unwritten: number } {
    return { waitedFor: this.#waiters.size, unwritten: this.#lease.unwritten };
  }

  /** Resolves when it is written, or cannot be for a while: it is then still tried again. */
  set(user: UserId, devices: PresentDevice[]): Promise<void> {
    if (this.#state === "ended") return Promise.resolve();
    this.#lease.set(user, devices);
    this.#arm();
    return this.#failing ? Promise.resolve() : this.#written(user);
  }

  /** Takes everything away: nobody is here any more. */
  async stop(): Promise<void> {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#cancelBeat();
    this.#cancelRetry?.();
    await this.#sending;
    this.#tell([...this.#waiters.keys()]);
    try {
      await this.#options.store.pipeline(this.#lease.farewell());
    } catch (error) {
      this.#options.onFault(error, "whole");
    }
  }

  /** Somebody misses what was written: looks whether it is there, and writes the whole if not. */
  verify(): void {
    this.#lease.beatDue();
    this.#arm();
  }

  #written(user: UserId): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(user) ?? new Set();
      this.#waiters.set(user, waiters);
      const waiter = () => {
        cancel();
        waiters.delete(waiter);
        if (waiters.size === 0 && this.#waiters.get(user) === waiters) this.#waiters.delete(user);
        resolve();
      };
      const cancel = this.#options.turns.later(waiter, PATIENCE_MS);
      waiters.add(waiter);
    });
  }

  #tell(users: readonly UserId[]): void {
    for (const user of users) {
      for (const waiter of [...this.#waiters.get(user) ?? []]) waiter();
    }
  }

  #scheduleBeat(): void {
    const { turns, beatS } = this.#options;
    const dueMs = turns.nowMs() + beatS * 1000;
    this.#cancelBeat = turns.later(() => {
      if (turns.nowMs() - dueMs < STALLED_MS) return this.#beat();
      this.#cancelBeat = turns.later(() => this.#beat(), WAKING_MS);
    }, beatS * 1000);
  }

  #beat(): void {
    this.#lease.heartbeat();
    this.#arm();
    this.#scheduleBeat();
  }

  /** What changes in one turn of the event loop goes out together. */
  #arm(): void {
    if (this.#armed || this.#sending || this.#cancelRetry || this.#state !== "kept") return;
    this.#armed = true;
    this.#options.turns.soon(() => {
      this.#armed = false;
      if (this.#state !== "kept") return;
      const request = this.#lease.next(this.#options.now());
      if (request) this.#sending = this.#send(request);
    });
  }

  async #send(request: LeaseRequest): Promise<void> {
    const done = await this.#perform(request);
    this.#sending = undefined;
    if (this.#state !== "kept") return;
    if (done) return this.#arm();
    this.#cancelRetry = this.#options.turns.later(() => {
      this.#cancelRetry = undefined;
      this.#arm();
    }, RETRY_MS);
  }

  async #perform(request: LeaseRequest): Promise<boolean> {
    const { store, onFault } = this.#options;
    // Whoever changes a user while this is under way waits for the next request.
    const waiting = request.users.flatMap((user) => [...this.#waiters.get(user) ?? []]);
    for (const user of request.users) this.#waiters.delete(user);
    try {
      this.#lease.settle(request, await store.pipeline(request.commands));
      this.#failing = false;
      return true;
    } catch (error) {
      this.#lease.settle(request);
      this.#failing = true;
      this.#tell([...this.#waiters.keys()]);
      onFault(error, request.kind);
      return false;
    } finally {
      for (const waiter of waiting) waiter();
    }
  }
}
