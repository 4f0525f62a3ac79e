/**
 * Whether a user is online: as every origin says it, and as the store has it.
 *
 * Invariant: an origin that does not know has not said anything.
 *
 * @module
 */

import { TestSystem } from "testing/system.ts";
import { callApi } from "../cli/api.ts";
import type { System } from "../dev/supervised_system.ts";
import { pause, waitUntil } from "../services/wait_until.ts";

type Presence = Record<string, { online: boolean; unknown?: true }>;

const EVERY_MS = 50;

export class PresenceProbe {
  readonly #system: System;
  readonly #store: TestSystem;

  constructor(system: System) {
    this.#system = system;
    this.#store = new TestSystem(system);
  }

  /** Until all origins say so. Gives how long it took, in milliseconds. */
  untilOrigins(says: "online" | "offline", user: string, withinMs: number): Promise<number> {
    return took(`every origin to say that ${user} is ${says}`, withinMs, async () => {
      const said = await this.#askOrigins(user);
      return said.every((online) => online === (says === "online"));
    });
  }

  /** How long after now any origin still, or again, says that the user is online; 0: none does. */
  async lastSeenOnline(user: string, forMs: number): Promise<number> {
    const startedMs = performance.now();
    let seenMs = 0;
    for (let ms = 0; ms < forMs; ms = performance.now() - startedMs) {
      if ((await this.#askOrigins(user)).includes(true)) seenMs = ms;
      await pause(EVERY_MS);
    }
    return seenMs;
  }

  /** Until no edge's lease names the user any more. Gives how long it took, in milliseconds. */
  untilLeaseIsOver(user: string, withinMs: number): Promise<number> {
    const isOver = async () => !await this.#store.isOnline(user);
    return took(`the lease that names ${user} to be over`, withinMs, isOver);
  }

  #askOrigins(user: string): Promise<(boolean | undefined)[]> {
    const { origins, api_key } = this.#system.state;
    return Promise.all(origins.map(async (origin) => {
      const one = { origins: [origin], api_key };
      const all = await callApi<Presence>(one, "presence", { users: [user] });
      const { online, unknown } = all[user]!;
      return unknown ? undefined : online;
    }));
  }
}

async function took(what: string, withinMs: number, ask: () => Promise<boolean>): Promise<number> {
  const startedMs = performance.now();
  await waitUntil(async () => await ask() || undefined, { what, withinMs, everyMs: EVERY_MS });
  return performance.now() - startedMs;
}
