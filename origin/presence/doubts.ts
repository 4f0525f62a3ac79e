/**
 * Telling a replica that the store has lost its presence, so that it need not wait for its next
 * heartbeat to find out.
 *
 * Invariant: each replica is told at most once in `QUIET_MS`, however many lookups miss it. It
 * looks for itself then: a word of ours that is wrong costs it one heartbeat.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, encodeMessage, type PresenceLost } from "shared/bus/requests.ts";

export interface DoubtsOptions {
  bus: Pick<Bus, "publish">;
  /** Monotonic. */
  nowMs(): number;
}

const QUIET_MS = 1_000;
/** Replicas of which it is remembered when they were told; there are never so many. */
const MAX_TOLD = 1_000;

export class Doubts {
  readonly #options: DoubtsOptions;
  readonly #toldMs = new Map<string, number>();

  constructor(options: DoubtsOptions) {
    this.#options = options;
  }

  tell(replica: string): void {
    const { bus, nowMs } = this.#options;
    const now = nowMs();
    if (now - (this.#toldMs.get(replica) ?? -Infinity) < QUIET_MS) return;
    if (this.#toldMs.size >= MAX_TOLD) this.#toldMs.clear();
    this.#toldMs.set(replica, now);
    bus.publish(ANNOUNCE.presenceLost, encodeMessage<PresenceLost>({ replica }));
  }
}
