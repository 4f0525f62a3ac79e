/**
 * The keys: what each holds, and until when.
 *
 * Invariant: no empty hash or sorted set, and nothing that has run out, is ever seen. Time is what
 * the clock handed in says. Knows no commands.
 *
 * @module
 */

import { CommandError, WRONG_TYPE } from "./reply.ts";

export interface Contents {
  string: string;
  hash: Map<string, string>;
  /** A sorted set: member → score. */
  zset: Map<string, number>;
}

export type Kind = keyof Contents;

interface Entry {
  kind: Kind;
  value: Contents[Kind];
  /** Milliseconds since 1970; absent: never. */
  expiresAt?: number | undefined;
}

const EMPTY: { [K in "hash" | "zset"]: () => Contents[K] } = {
  hash: () => new Map(),
  zset: () => new Map(),
};

export class Keyspace {
  readonly now: () => number;
  #entries = new Map<string, Entry>();
  #purgeAtSize = 64;

  constructor(now: () => number) {
    this.now = now;
  }

  has(key: string): boolean {
    return this.#live(key) !== undefined;
  }

  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.has(key));
  }

  /** @throws {CommandError} When the key holds something of another kind. */
  read<K extends Kind>(key: string, kind: K): Contents[K] | undefined {
    const entry = this.#live(key);
    if (entry && entry.kind !== kind) throw new CommandError(WRONG_TYPE);
    return entry?.value as Contents[K] | undefined;
  }

  /** To change a hash or sorted set in place; it is dropped afterwards if it is left empty. */
  change<K extends "hash" | "zset", R>(
    key: string,
    kind: K,
    change: (value: Contents[K]) => R,
  ): R {
    const found = this.read(key, kind);
    const value = found ?? EMPTY[kind]();
    const result = change(value);
    if (!found && value.size > 0) this.write(key, kind, value);
    if (found && value.size === 0) this.delete(key);
    return result;
  }

  /** Whatever was there is replaced, with its expiry. */
  write<K extends Kind>(key: string, kind: K, value: Contents[K], expiresAt?: number): void {
    this.#entries.set(key, { kind, value, expiresAt });
    if (this.#entries.size >= this.#purgeAtSize) this.#purge();
  }

  delete(key: string): boolean {
    return this.has(key) && this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** `undefined` when the key is absent or stays for ever. */
  expiryOf(key: string): number | undefined {
    return this.#live(key)?.expiresAt;
  }

  expireAt(key: string, at: number | undefined): void {
    const entry = this.#live(key);
    if (entry) entry.expiresAt = at;
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAt === undefined || entry.expiresAt > this.now()) return entry;
    this.#entries.delete(key);
  }

  /** Keys that nobody asks for again would stay; doubling the limit keeps the cost constant. */
  #purge(): void {
    for (const key of this.#entries.keys()) this.#live(key);
    this.#purgeAtSize = Math.max(64, 2 * this.#entries.size);
  }
}
