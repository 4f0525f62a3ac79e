/**
 * Forgets jobs that nobody can need any more.
 *
 * @module
 */

import type { PushEvents } from "./events.ts";
import type { PushQueue } from "./queue.ts";

export interface CleanUpOptions {
  queue: Pick<PushQueue, "cleanUp">;
  events: Pick<PushEvents, "failed">;
  everyMs: number;
  /** How long ended jobs stay, and how long dead letters do. */
  keep: { endedMs: number; deadMs: number };
  wait(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
}

export const CLEAN_UP = { everyMs: 60_000, keep: { endedMs: 3_600_000, deadMs: 7 * 86_400_000 } };

/** Resolves when the signal ends it. */
export async function cleanUpJobs(options: CleanUpOptions): Promise<void> {
  const { queue, events, everyMs, keep, wait, signal } = options;
  while (!signal.aborted) {
    try {
      await queue.cleanUp(keep);
    } catch (error) {
      events.failed("clean up", error);
    }
    await wait(everyMs, signal).catch(() => {});
  }
}
