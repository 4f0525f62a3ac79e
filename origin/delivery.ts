/**
 * Everything between a command and its recipients, put together: the way into the log, the two fast
 * paths after it, and the two auditors behind them.
 *
 * Invariant: each part is started after those that it hands things on to, so that the reverse order,
 * in which they end, loses nothing that was accepted.
 *
 * @module
 */

import type { NatsBus } from "shared/bus/nats.ts";
import { Digests } from "./audit/digest_shell.ts";
import { LateCheck } from "./audit/late_check_shell.ts";
import { Pager } from "./audit/pager.ts";
import { requestPages } from "./audit/push_pages.ts";
import { type Committer, createCommitter } from "./commit/committer.ts";
import type { Database } from "./database.ts";
import { Audiences, membersReader } from "./fan_out/audience.ts";
import { FanOut } from "./fan_out/fan_out.ts";
import { listenToBeats } from "./presence/listen.ts";
import { createPresenceLookup, type PresenceLookup } from "./presence/lookup.ts";
import { upstashReader } from "./presence/store.ts";
import { CLEAN_UP, cleanUpJobs } from "./push/clean_up.ts";
import { createGateways } from "./push/config.ts";
import { createPushQueue, type PushQueue } from "./push/queue.ts";
import { measureBacklog } from "./push/backlog.ts";
import { startPushWorker } from "./push/worker.ts";
import type { Scene } from "./scene.ts";

export interface Delivery {
  readonly presence: PresenceLookup;
  readonly committer: Committer;
}

/** Origins that lost the one that made digests do not all begin at once. */
const DIGEST_JITTER_MS = 1_000;

export function startDelivery(scene: Scene, database: Database, bus: NatsBus): Delivery {
  const { config, events, parts, nowMs, elapsedMs } = scene;
  const presence = scene.presence ?? openPresence(scene, bus);
  const queue = createPushQueue(database.background);
  const audit = startAuditors(scene, database, bus, presence);
  startPush(scene, queue, audit);
  const fanOut = new FanOut({
    bus,
    presence,
    audiences: new Audiences({
      readMembers: membersReader(database.reads),
      largeGroup: config.largeGroup,
      timeoutMs: config.redis.timeoutMs,
      onFault: events.members,
    }),
    enqueuePushes: (jobs) => queue.enqueue(jobs),
    enqueuePages: async (gsids) => {
      await requestPages(database.background, gsids);
      audit.pager.nudge();
    },
    events: events.fanOut,
    nowMs: elapsedMs,
    paths: config.fastPaths,
  });
  parts.defer(() => fanOut.idle());
  const committer = parts.use(
    createCommitter({
      sql: database.commits,
      onCommitted: (committed) => fanOut.accept(committed),
      now: nowMs,
      ...events.commit,
    }),
  );
  return { presence, committer };
}

function openPresence({ config, id, events, parts, nowMs, elapsedMs, every }: Scene, bus: NatsBus) {
  const pulses = parts.use(
    listenToBeats({ bus, origin: id, every, nowMs: elapsedMs, onFault: events.bus }),
  );
  return createPresenceLookup({
    reader: upstashReader(config.redis),
    pulses,
    nowMs,
    onOutcome: events.lookup,
  });
}

function startAuditors(
  { config, id, events, parts, elapsedMs, random, every }: Scene,
  { background: sql }: Database,
  bus: NatsBus,
  presence: PresenceLookup,
) {
  parts.use(
    new Digests({
      sql,
      bus,
      nowMs: elapsedMs,
      jitterMs: () => random() * DIGEST_JITTER_MS,
      every,
      events: events.digest,
    }),
  );
  const { largeGroup } = config;
  const lateCheck = parts.use(
    new LateCheck({ sql, bus, origin: id, largeGroup, every, events: events.lateCheck }),
  );
  const { positions } = lateCheck;
  const pager = parts.use(new Pager({ sql, presence, positions, every, events: events.pager }));
  return { positions, pager };
}

function startPush(
  { config, events, metrics, parts, nowMs, random, readText }: Scene,
  queue: PushQueue,
  { positions }: ReturnType<typeof startAuditors>,
): void {
  measureBacklog(metrics.registry, queue);
  const gateways = createGateways(config.push, { nowMs, readText });
  for (const gateway of gateways.values()) parts.use(gateway);
  const worker = startPushWorker({
    queue,
    gateways,
    events: events.push,
    reached: (user) => positions.of(user),
    clock: { nowMs, random, wait },
  });
  parts.use(worker);
  const end = new AbortController();
  const cleaning = cleanUpJobs({
    ...CLEAN_UP,
    queue,
    events: events.push,
    wait,
    signal: end.signal,
  });
  parts.defer(async () => {
    end.abort();
    await cleaning;
  });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", fail, { once: true });
    function done() {
      signal.removeEventListener("abort", fail);
      resolve();
    }
    function fail() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}
