/**
 * What an edge has to write so that others see who is connected to it.
 *
 * Invariant: the marker is written only with the last part of the whole, so a hash that lapsed or
 * was half written never passes for complete; every write renews the time to live, so nothing
 * outlives its edge. Decides only: no request, no clock, no timer.
 *
 * @module
 */

import type { UserId } from "shared/ids.ts";
import {
  encodeDevices,
  MARKER_FIELD,
  type PresentDevice,
  replicaKey,
  REPLICAS_KEY,
  userField,
} from "shared/presence.ts";
import type { PresenceCommand } from "./store.ts";

/** Users in one request: about half a megabyte. */
export const USERS_PER_WRITE = 5_000;
/** Users who came and went while the store was away: beyond, the whole is written instead. */
export const MAX_UNWRITTEN = 100_000;
/** Replicas that lapsed so long ago are swept from the list, each time the whole is written. */
const SWEEP_AFTER_MS = 60 * 60_000;

export interface LeaseSettings {
  replica: string;
  ttlS: number;
}

/** One pipeline. `users` are those whose present state it writes. */
export interface LeaseRequest {
  kind: "users" | "whole" | "beat";
  users: UserId[];
  commands: PresenceCommand[];
}

interface Doubt {
  users: Set<UserId>;
  /** Also of everybody else who is here. */
  all: boolean;
}

export class Lease {
  readonly #replica: string;
  readonly #key: string;
  readonly #ttlS: number;
  readonly #devices = new Map<UserId, PresentDevice[]>();
  /** Users whose last change is not written yet. */
  #changed = new Set<UserId>();
  /** Whether the hash is in the store with everybody who is not in `#changed`. */
  #whole = false;
  /** While the whole is being written: who is still to come. */
  #rest: UserId[] | undefined;
  #beatDue = false;
  /** What requests that failed may undo yet: since the last heartbeat, and since the one before. */
  #doubt: Doubt = noDoubt();
  #doubtBefore: Doubt = noDoubt();

  constructor({ replica, ttlS }: LeaseSettings) {
    this.#replica = replica;
    this.#key = replicaKey(replica);
    this.#ttlS = ttlS;
  }

  /** Whether the store has, as far as we know, a hash that may be believed. */
  get whole(): boolean {
    return this.#whole;
  }

  /** Users whose last change is not written yet. */
  get unwritten(): number {
    return this.#changed.size;
  }

  /** A user's devices from now on; none takes the user away. */
  set(user: UserId, devices: PresentDevice[]): void {
    if (devices.length > 0) this.#devices.set(user, devices);
    else this.#devices.delete(user);
    this.#changed.add(user);
    if (this.#changed.size > MAX_UNWRITTEN) this.#startOver();
  }

  /** Looks whether the store has everything, sooner than the next heartbeat would. */
  beatDue(): void {
    this.#beatDue = true;
  }

  /**
   * To be called at each heartbeat. A request that was given up may be done all the same, later, and
   * undo what was written since: so its users are written once more, and again a beat later. One
   * that began the whole would take everybody away who came after.
   */
  heartbeat(): void {
    this.#beatDue = true;
    for (const { users, all } of [this.#doubt, this.#doubtBefore]) {
      for (const user of users) this.#changed.add(user);
      if (all) { for (const user of this.#devices.keys()) this.#changed.add(user); }
    }
    this.#doubtBefore = this.#doubt;
    this.#doubt = noDoubt();
  }

  /** What to send next. Nothing else may be sent until it was settled. */
  next(nowMs: number): LeaseRequest | undefined {
    if (!this.#whole) return this.#nextPart(nowMs);
    if (this.#beatDue) return this.#beat(nowMs);
    if (this.#changed.size > 0) return this.#write();
  }

  /**
   * `replies` is left out when the request failed: what it wrote is then unknown, and so is whether
   * a store that was away still has the rest.
   */
  settle(request: LeaseRequest, replies?: unknown[]): void {
    if (!replies) {
      this.#beatDue = true;
      for (const user of request.users) {
        this.#changed.add(user);
        this.#doubt.users.add(user);
      }
      if (request.kind === "whole") {
        this.#rest = undefined;
        this.#doubt.all = true;
      }
      return;
    }
    if (request.kind === "whole" && this.#rest?.length === 0) {
      this.#rest = undefined;
      this.#whole = true;
      this.#beatDue = false;
    }
    if (request.kind === "beat") {
      const [renewed, marked] = replies.map(Number);
      this.#beatDue = false;
      if (!renewed || !marked) this.#whole = false;
    }
  }

  /** Takes the replica away, at the end of its life. */
  farewell(): PresenceCommand[] {
    return [["DEL", this.#key], ["ZREM", REPLICAS_KEY, this.#replica]];
  }

  /** What was written is forgotten: the whole begins with nobody, and has everybody who is here. */
  #startOver(): void {
    this.#whole = false;
    this.#rest = undefined;
    this.#changed = new Set();
  }

  #nextPart(nowMs: number): LeaseRequest {
    const commands: PresenceCommand[] = [];
    if (!this.#rest) {
      this.#rest = [...new Set([...this.#devices.keys(), ...this.#changed])];
      this.#changed = new Set();
      commands.push(["DEL", this.#key]);
      commands.push(["ZREMRANGEBYSCORE", REPLICAS_KEY, 0, nowMs - SWEEP_AFTER_MS]);
    }
    const users = this.#rest.splice(0, USERS_PER_WRITE);
    const fields = this.#fieldsOf(users.filter((user) => this.#devices.has(user)));
    if (this.#rest.length === 0) fields[MARKER_FIELD] = "1";
    if (Object.keys(fields).length > 0) commands.push(["HSET", this.#key, fields]);
    commands.push(this.#renew(), this.#announce(nowMs));
    return { kind: "whole", users, commands };
  }

  #beat(nowMs: number): LeaseRequest {
    return {
      kind: "beat",
      users: [],
      commands: [this.#renew(), ["HEXISTS", this.#key, MARKER_FIELD], this.#announce(nowMs)],
    };
  }

  #write(): LeaseRequest {
    const users = [...this.#changed].slice(0, USERS_PER_WRITE);
    for (const user of users) this.#changed.delete(user);
    const here = users.filter((user) => this.#devices.has(user));
    const gone = users.filter((user) => !this.#devices.has(user));
    const commands: PresenceCommand[] = [];
    if (here.length > 0) commands.push(["HSET", this.#key, this.#fieldsOf(here)]);
    if (gone.length > 0) commands.push(["HDEL", this.#key, ...gone.map(userField)]);
    return { kind: "users", users, commands: [...commands, this.#renew()] };
  }

  #fieldsOf(users: UserId[]): Record<string, string> {
    return Object.fromEntries(
      users.map((user) => [userField(user), encodeDevices(this.#devices.get(user)!)]),
    );
  }

  #renew(): PresenceCommand {
    return ["EXPIRE", this.#key, this.#ttlS];
  }

  #announce(nowMs: number): PresenceCommand {
    return ["ZADD", REPLICAS_KEY, nowMs + this.#ttlS * 1000, this.#replica];
  }
}

function noDoubt(): Doubt {
  return { users: new Set(), all: false };
}
