/**
 * Everything between a command and its recipients, put together: the way into the log, the two fast
 * paths after it, and the two auditors behind them.
 *
 * Invariant: each part is started after those that it hands things on to, so that the reverse order,
 * in which they end, loses nothing that was accepted.
 *
 * @module
 */

import type { Bus } from "shared/bus/bus.ts";
import type { Turns } from "shared/turns.ts";
import { Digests } from "./audit/digest_shell.ts";
import { LateCheck } from "./audit/late_check_shell.ts";
import { countAudit, showLags } from "./audit/measures.ts";
import { Pager } from "./audit/pager.ts";
import { requestPages } from "./audit/push_pages.ts";
import { type Committer, createCommitter } from "./commit/committer.ts";
import type { Database } from "./database.ts";
import { Audiences, membersReader } from "./fan_out/audience.ts";
import { FanOut } from "./fan_out/fan_out.ts";
import { Doubts } from "./presence/doubts.ts";
import { listenToBeats } from "./presence/listen.ts";
import { createPresenceLookup, type PresenceLookup } from "./presence/lookup.ts";
import { CLEAN_UP, cleanUpJobs } from "./push/clean_up.ts";
import { createPushQueue, type PushQueue } from "./push/queue.ts";
import { measureBacklog } from "./push/backlog.ts";
import { showProviders } from "./push/providers.ts";
import { type PushWorker, startPushWorker } from "./push/worker.ts";
import type { Scene } from "./scene.ts";
import { createTraces, type Traces } from "./tracing/traces.ts";

export interface Delivery {
  readonly presence: PresenceLookup;
  readonly committer: Committer;
  readonly fanOut: FanOut;
  readonly audiences: Audiences;
  readonly lateCheck: LateCheck;
  readonly pushWorker: PushWorker;
  readonly traces: Traces | undefined;
}

type Pools = Pick<Database, "commits" | "reads" | "background">;

/** Origins that lost the one that made digests do not all begin at once. */
const DIGEST_JITTER_MS = 1_000;

export function startDelivery(scene: Scene, database: Pools, bus: Bus): Delivery {
  const { config, events, parts, wallMs, nowMs, turns, reached = () => {} } = scene;
  const presence = scene.presence ?? openPresence(scene, bus);
  const traces = scene.tracing && createTraces(scene.tracing);
  const queue = createPushQueue(database.background);
  const audit = startAuditors(scene, database, bus, presence);
  const pushWorker = startPush(scene, queue, audit, traces);
  const audiences = new Audiences({
    readMembers: membersReader(database.reads),
    largeGroup: config.largeGroup,
    timeoutMs: config.redis.timeoutMs,
    turns,
    onFault: events.members,
  });
  const fanOut = new FanOut({
    bus,
    presence,
    audiences,
    enqueuePushes: (jobs) => queue.enqueue(jobs),
    enqueuePages: async (gsids) => {
      await requestPages(database.background, gsids);
      audit.pager.nudge();
    },
    events: events.fanOut,
    nowMs,
    paths: config.fastPaths,
    reached,
    trace: traces?.fanOut,
  });
  parts.defer(() => fanOut.idle());
  const committer = parts.use(
    createCommitter({
      sql: database.commits,
      archiveAfterMs: config.archiveAfterMs,
      onCommitted: (committed) => fanOut.accept(committed),
      wallMs,
      turns,
      reached,
      ...events.commit,
    }),
  );
  const { lateCheck } = audit;
  return { presence, committer, fanOut, audiences, lateCheck, pushWorker, traces };
}

function openPresence(scene: Scene, bus: Bus): PresenceLookup {
  const { id, events, parts, wallMs, nowMs, every, presenceReader: reader } = scene;
  const { operator, report } = scene;
  const pulses = parts.use(
    listenToBeats({
      bus,
      origin: id,
      every,
      nowMs,
      onFault: events.bus,
      ...(report && { report }),
      ...(operator && { onBeat: (beat) => operator.heard(beat) }),
    }),
  );
  const doubts = new Doubts({ bus, nowMs });
  return createPresenceLookup({
    reader,
    pulses,
    wallMs,
    nowMs,
    onOutcome: events.lookup,
    onLost: (replica) => doubts.tell(replica),
  });
}

function startAuditors(
  { config, id, metrics, events, parts, nowMs, wallMs, random, every }: Scene,
  { background: sql }: Pools,
  bus: Bus,
  presence: PresenceLookup,
) {
  const counted = countAudit(metrics.registry, events.failed);
  const digests = parts.use(
    new Digests({
      sql,
      bus,
      nowMs,
      jitterMs: () => random() * DIGEST_JITTER_MS,
      every,
      events: counted.digest,
    }),
  );
  const lateCheck = parts.use(
    new LateCheck({
      sql,
      bus,
      presence,
      origin: id,
      largeGroup: config.largeGroup,
      nowMs,
      wallMs,
      every,
      events: counted.lateCheck,
    }),
  );
  const { positions } = lateCheck;
  const pager = parts.use(new Pager({ sql, presence, positions, every, events: counted.pager }));
  showLags(metrics.registry, { digests, lateCheck });
  return { positions, pager, lateCheck };
}

function startPush(
  { events, metrics, parts, gateways, pushSettings: settings, turns, nowMs, random }: Scene,
  queue: PushQueue,
  { positions }: ReturnType<typeof startAuditors>,
  traces: Traces | undefined,
): PushWorker {
  measureBacklog(metrics.registry, queue, turns);
  for (const gateway of gateways.values()) parts.use(gateway);
  const worker = startPushWorker({
    queue: traces?.pushes.queue(queue) ?? queue,
    gateways: traces?.pushes.gateways(gateways) ?? gateways,
    events: events.push,
    received: (user, gsid) => positions.has(user, gsid),
    clock: { nowMs, random, wait: waiting(turns) },
    settings,
  });
  parts.use(worker);
  showProviders(metrics.registry, {
    platforms: gateways.keys(),
    healthOf: (platform) => worker.healthOf(platform),
    nowMs,
  });
  const end = new AbortController();
  const cleaning = cleanUpJobs({
    ...CLEAN_UP,
    queue,
    events: events.push,
    wait: waiting(turns),
    signal: end.signal,
  });
  parts.defer(async () => {
    end.abort();
    await cleaning;
  });
  return worker;
}

/** Waits until the time has passed, or rejects by the signal. */
function waiting(turns: Turns): (ms: number, signal: AbortSignal) => Promise<void> {
  return (ms, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const cancel = turns.later(done, ms);
      signal.addEventListener("abort", fail, { once: true });
      function done() {
        signal.removeEventListener("abort", fail);
        resolve();
      }
      function fail() {
        cancel();
        reject(signal.reason);
      }
    });
}
