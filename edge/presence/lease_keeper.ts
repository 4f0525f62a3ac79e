/**
 * Keeps an edge's presence lease: sends what the lease decides, one request at a time.
 *
 * Invariant: requests never overtake each other, so the last word about a user is the last one
 * written; while one is under way, changes gather for the next. A store that fails delays nobody
 * longer than `PATIENCE_MS` and is tried again until it answers.
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

export interface LeaseKeeperOptions extends LeaseSettings {
  beatS: number;
  store: PresenceStore;
  turns: Turns;
  /** Wall clock, ms since 1970. */
  now(): number;
  /** A request that failed; `beat` tells a heartbeat from a write. */
  onFault(error: unknown, kind: LeaseRequest["kind"]): void;
}

type Waiter = () => void;

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #lease: Lease;
  #waiters = new Map<UserId, Waiter[]>();
  #sending: Promise<void> | undefined;
  #armed = false;
  #state: "new" | "kept" | "ended" = "new";
  #cancelBeat: () => void = () => {};
  #cancelRetry: (() => void) | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#lease = new Lease(options);
  }

  /** Whether others can believe what the store says of this edge. */
  get whole(): boolean {
    return this.#lease.whole;
  }

  start(): void {
    this.#state = "kept";
    this.#scheduleBeat();
    this.#arm();
  }

  /** Resolves when it is written, or after `PATIENCE_MS`: it is then still tried again. */
  set(user: UserId, devices: PresentDevice[]): Promise<void> {
    if (this.#state === "ended") return Promise.resolve();
    this.#lease.set(user, devices);
    this.#arm();
    return new Promise((resolve) => {
      const cancel = this.#options.turns.later(resolve, PATIENCE_MS);
      const waiter = () => (cancel(), resolve());
      this.#waiters.set(user, [...this.#waiters.get(user) ?? [], waiter]);
    });
  }

  /** Takes everything away: nobody is here any more. */
  async stop(): Promise<void> {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#cancelBeat();
    this.#cancelRetry?.();
    await this.#sending;
    for (const waiters of this.#waiters.values()) waiters.forEach((waiter) => waiter());
    this.#waiters.clear();
    try {
      await this.#options.store.pipeline(this.#lease.farewell());
    } catch (error) {
      this.#options.onFault(error, "whole");
    }
  }

  #scheduleBeat(): void {
    this.#cancelBeat = this.#options.turns.later(() => {
      this.#lease.beatDue();
      this.#arm();
      this.#scheduleBeat();
    }, this.#options.beatS * 1000);
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
    const waiters = this.#takeWaiters(request.users);
    try {
      const replies = await this.#options.store.pipeline(request.commands);
      this.#lease.settle(request, replies);
      for (const waiter of waiters.flatMap(([, each]) => each)) waiter();
      return true;
    } catch (error) {
      this.#lease.settle(request);
      for (const [user, each] of waiters) {
        this.#waiters.set(user, [...each, ...this.#waiters.get(user) ?? []]);
      }
      this.#options.onFault(error, request.kind);
      return false;
    }
  }

  #takeWaiters(users: UserId[]): [UserId, Waiter[]][] {
    return users.flatMap((user) => {
      const waiters = this.#waiters.get(user);
      this.#waiters.delete(user);
      return waiters ? [[user, waiters] as [UserId, Waiter[]]] : [];
    });
  }
}
