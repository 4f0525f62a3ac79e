/**
 * What a device has got of what reaches it, entry by entry.
 *
 * Invariant: what reaches its user is owed to a device from where it began to follow: its first
 * position, or one that it was told is not recovered. Its own messages it has when they were
 * answered. Pure.
 *
 * @module
 */

import type { DeviceHistory, Entry } from "./entry.ts";
import { firstAbove, type Reach } from "./reach.ts";

/**
 * The SDK hands a reply to the app some turns after it came, and what came with it a little sooner.
 */
const REPLY_SLACK_MS = 50;

export class Following {
  readonly #reached: readonly number[];
  readonly #got = new Set<number>();
  readonly #answeredAt = new Map<number, number>();
  /** All that reached it before this place it has, or is known to lack. */
  #next = 0;
  #started = false;

  constructor({ user, entries }: DeviceHistory, reach: Reach) {
    this.#reached = reach.gsidsOf(user);
    for (const entry of entries) {
      if (entry.kind === "ok") this.#answeredAt.set(entry.gsid, entry.at);
    }
  }

  take(entry: Entry): void {
    if (entry.kind === "event") this.#got.add(entry.content.gsid);
    else if (entry.kind === "ok") this.#got.add(entry.gsid);
    else if (entry.kind === "started") this.#start(entry.since?.offset);
    else if (entry.kind === "connected") {
      if (!this.#started || !entry.recovered) this.#start(entry.position.offset);
    }
  }

  has(gsid: number): boolean {
    return this.#got.has(gsid);
  }

  /** What it lacks up to `offset` although it reached it; each gsid is told once. */
  lacking(offset: number, at: number): number[] {
    const lacking: number[] = [];
    while (this.#started && this.#next < this.#reached.length) {
      const gsid = this.#reached[this.#next]!;
      if (gsid > offset) break;
      this.#next++;
      if (!this.#got.has(gsid) && !this.#wasAnswered(gsid, at)) lacking.push(gsid);
    }
    return lacking;
  }

  #start(offset: number | undefined): void {
    this.#started = offset !== undefined;
    if (offset !== undefined) this.#next = firstAbove(this.#reached, offset);
  }

  #wasAnswered(gsid: number, at: number): boolean {
    const answeredAt = this.#answeredAt.get(gsid);
    return answeredAt !== undefined && answeredAt <= at + REPLY_SLACK_MS;
  }
}

/** What a device lacks at the end of its history. */
export function lackingAtEnd(device: DeviceHistory, reach: Reach): number[] {
  const following = new Following(device, reach);
  for (const entry of device.entries) following.take(entry);
  return following.lacking(Infinity, Infinity);
}
