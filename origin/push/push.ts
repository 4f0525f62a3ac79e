/**
 * Push as one part of an origin: the queue, the worker that empties it, and who tidies up.
 *
 * Invariant: disposing of it loses no job: what is in flight ends and is recorded, the rest waits in
 * the database for another origin.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Registry } from "prom-client";
import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import type { Log } from "shared/log.ts";
import type { Sql } from "../store/sql.ts";
import { CLEAN_UP, cleanUpJobs } from "./clean_up.ts";
import { createGateways, type PushConfig, type ReadText } from "./config.ts";
import { createPushEvents, measureBacklog } from "./metrics.ts";
import { createPushQueue, type PushQueue } from "./queue.ts";
import { type PushClock, type PushSettings, startPushWorker } from "./worker.ts";

export interface PushOptions {
  sql: Sql;
  config: PushConfig;
  settings?: Partial<PushSettings>;
  registry: Registry;
  log: Log;
  readText: ReadText;
  /** Up to which event of a conversation a user has received or read everything; 0: not known. */
  reached(user: UserId, conversation: ConversationId): Gsid;
}

export interface Push extends AsyncDisposable {
  readonly queue: PushQueue;
}

export const SYSTEM_CLOCK: PushClock = {
  nowMs: Date.now,
  random: Math.random,
  wait: (ms, signal) => delay(ms, undefined, { signal }),
};

export function startPush(options: PushOptions): Push {
  const { sql, registry, log, config, readText, reached, settings = {} } = options;
  const clock = SYSTEM_CLOCK;
  const queue = createPushQueue(sql);
  const events = createPushEvents(registry, log);
  measureBacklog(registry, queue);
  const gateways = createGateways(config, { nowMs: clock.nowMs, readText });
  const worker = startPushWorker({ queue, gateways, events, reached, clock, settings });
  const stop = new AbortController();
  const tidying = cleanUpJobs({
    queue,
    events,
    ...CLEAN_UP,
    wait: clock.wait,
    signal: stop.signal,
  });
  return {
    queue,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await worker[Symbol.asyncDispose]();
      await tidying;
      for (const gateway of gateways.values()) await gateway[Symbol.asyncDispose]();
    },
  };
}
