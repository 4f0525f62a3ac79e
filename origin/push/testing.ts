/**
 * For tests of the push worker: a database, gateways on a recorder, and workers on both.
 *
 * @module
 */

import { setTimeout as wait } from "node:timers/promises";
import type { Gsid } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import type { PushDatabase } from "testing/push_database.ts";
import { type TestGateways, testGateways } from "testing/push_gateways.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import type { PushEvents } from "./events.ts";
import { createPushQueue, type PushQueue } from "./queue.ts";
import { type PushSettings, startPushWorker } from "./worker.ts";

export interface Bench extends AsyncDisposable, TestGateways {
  database: PushDatabase;
  queue: PushQueue;
  told: string[];
  reached: Map<UserId, Gsid>;
  start(settings?: Partial<PushSettings>): void;
  stop(): Promise<void>;
  /** Resolves with how the jobs ended when none is open any more. */
  ended(): Promise<string[]>;
  /** The statuses answered for a token, in order. */
  statuses(token: string): number[];
}

/** `pushDatabase`: a new database of the file's own. */
export async function bench(pushDatabase: () => Promise<PushDatabase>): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await pushDatabase());
  const gateways = stack.use(await testGateways());
  const queue = createPushQueue(database.sql);
  const told: string[] = [];
  const reached = new Map<UserId, Gsid>();
  const workers = stack.use(new AsyncDisposableStack());
  const owned = stack.move();
  return {
    ...gateways,
    database,
    queue,
    told,
    reached,
    start(settings = {}) {
      workers.use(startPushWorker({
        queue,
        gateways: gateways.gateways,
        events: tellTo(told),
        received: (user, gsid) => gsid <= (reached.get(user) ?? 0),
        clock: {
          nowMs: () => performance.now(),
          random: () => 0.5,
          wait: (ms, signal) => wait(ms, undefined, { signal }),
        },
        settings: { pollMs: 20, backoff: { baseMs: 20, maxMs: 100 }, ...settings },
      }));
    },
    stop: () => workers.disposeAsync(),
    ended: () =>
      waitUntil(async () => {
        const outcomes = await database.outcomes();
        return outcomes.length > 0 && !outcomes.includes("open") ? outcomes : undefined;
      }, { what: "the jobs to end", withinMs: 10_000 }),
    statuses: (token) => gateways.recorder.record.list({ token }).map((push) => push.status),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function tellTo(told: string[]): PushEvents {
  const tell = (name: string) => (...words: unknown[]) =>
    void told.push([name, ...words].join(" "));
  return {
    sent: tell("sent"),
    pruned: tell("pruned"),
    retried: tell("retried"),
    refused: tell("refused"),
    dropped: tell("dropped"),
    dead: tell("dead"),
    alarm: tell("alarm"),
    failed: tell("failed"),
  };
}
