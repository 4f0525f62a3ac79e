/**
 * An origin, put together and running: from its settings to open ports, and back.
 *
 * Invariant: it ends in the reverse of the order in which it started. It takes no more requests,
 * answers those it took, hands on what was committed, and only then lets go of bus and database.
 *
 * @module
 */

import { createInternalApp } from "shared/http/internal.ts";
import { serveHttp } from "shared/http/serve.ts";
import { connectNats, type NatsBus } from "shared/bus/nats.ts";
import type { Log } from "shared/log.ts";
import { createMetrics, type Metrics } from "shared/metrics.ts";
import type { PresenceLookup } from "./presence/lookup.ts";
import { createApi } from "./api/api.ts";
import { Digests } from "./audit/digest_shell.ts";
import { type Every, systemEvery } from "./audit/every.ts";
import { LateCheck } from "./audit/late_check_shell.ts";
import { Pager } from "./audit/pager.ts";
import { requestPages } from "./audit/push_pages.ts";
import { createCommitter } from "./commit/committer.ts";
import type { OriginConfig } from "./config.ts";
import { type Database, openDatabase } from "./database.ts";
import { Audiences, membersReader } from "./fan_out/audience.ts";
import { FanOut } from "./fan_out/fan_out.ts";
import { createHandlers } from "./handlers.ts";
import { createInstruments, createOriginEvents, type OriginEvents, showGauges } from "./metrics.ts";
import { listenToBeats } from "./presence/listen.ts";
import { createPresenceLookup } from "./presence/lookup.ts";
import { upstashReader } from "./presence/store.ts";
import { CLEAN_UP, cleanUpJobs } from "./push/clean_up.ts";
import { createGateways, type ReadText } from "./push/config.ts";
import { createPushQueue, type PushQueue } from "./push/queue.ts";
import { startPushWorker } from "./push/worker.ts";
import { serve } from "./serve.ts";
import { keepStream } from "./stream.ts";

export interface OriginDeps {
  log: Log;
  /** Wall clock, ms since 1970. */
  nowMs(): number;
  /** Monotonic. */
  elapsedMs(): number;
  /** In [0, 1). */
  random(): number;
  readText: ReadText;
  /** Aborted by whoever wants the origin to drain: a signal of the system, or an operator. */
  drain: AbortController;
  /** Instead of the store's answers, for tests of what happens when they are wrong. */
  presence?: PresenceLookup;
}

export interface Origin {
  readonly port: number;
  readonly internalPort: number;
  /** Resolves when it has drained. */
  readonly ended: Promise<void>;
}

/** What the parts of one origin share. */
interface Scene extends OriginDeps {
  config: OriginConfig;
  /** Unique to this start. */
  id: string;
  /** Ends the waiting for servers that are not there: to drain, or because another part failed. */
  giveUp: AbortSignal;
  metrics: Metrics;
  events: OriginEvents;
  every: Every;
  /** Ends what was added to it, last first. */
  parts: AsyncDisposableStack;
}

/**
 * Resolves when it answers requests.
 *
 * @throws {Error} When a port is taken, the database cannot be migrated or somebody refuses it, and
 * when it is to drain before all is there.
 */
export async function startOrigin(config: OriginConfig, deps: OriginDeps): Promise<Origin> {
  await using parts = new AsyncDisposableStack();
  const scene = prepare(config, deps, parts);
  const health: Health = {};
  const internal = openInternalPort(scene, health);
  const [database, bus] = await Promise.all([openPostgres(scene), openBus(scene)]);
  Object.assign(health, { database, bus });
  const delivery = startDelivery(scene, database, bus);
  const serving = startServing(scene, database, bus, delivery);
  showGauges(scene.metrics.registry, {
    commands_queued: () => delivery.committer.queued,
    requests_in_flight: () => serving.inFlight,
  });
  // Only now does the server have our subscriptions; one that is lost gets them when it is back.
  await bus.flush().catch(scene.events.bus);
  health.isServing = true;
  const running = parts.move();
  return {
    port: serving.port,
    internalPort: internal.port,
    ended: whenAborted(deps.drain.signal).then(() => running.disposeAsync()),
  };
}

function prepare(config: OriginConfig, deps: OriginDeps, parts: AsyncDisposableStack): Scene {
  const metrics = parts.use(createMetrics("origin", deps.elapsedMs));
  const end = new AbortController();
  parts.defer(() => end.abort());
  const instruments = createInstruments(metrics.registry);
  return {
    ...deps,
    config,
    id: `${config.name}-${crypto.randomUUID().slice(0, 8)}`,
    giveUp: AbortSignal.any([deps.drain.signal, end.signal]),
    metrics,
    events: createOriginEvents(instruments, deps.log, deps.elapsedMs),
    every: systemEvery,
    parts,
  };
}

/** What readiness looks at, as far as it exists. */
interface Health {
  database?: Database;
  bus?: NatsBus;
  isServing?: boolean;
}

function openInternalPort(scene: Scene, health: Health) {
  const { config, drain, metrics, elapsedMs, events, parts } = scene;
  const app = createInternalApp({
    program: "origin",
    registry: metrics.registry,
    checks: {
      database: async () => {
        if (!health.database) return "not reached yet";
        await health.database.reads`select 1`;
      },
      bus: () => health.bus?.status === "connected" ? undefined : "not connected",
      requests: () => health.isServing ? undefined : "not served yet",
    },
    isDraining: () => drain.signal.aborted,
    drain: () => drain.abort(),
    adminKey: config.internal.adminKey ?? undefined,
    now: elapsedMs,
  });
  return parts.use(serveHttp(app.fetch, { ...config.internal, onError: events.http }));
}

async function openPostgres({ config, giveUp, events, parts }: Scene): Promise<Database> {
  return parts.use(
    await openDatabase({
      ...config.database,
      name: config.name,
      signal: giveUp,
      onWait: events.database,
    }),
  );
}

async function openBus({ config, giveUp, events, parts, every }: Scene): Promise<NatsBus> {
  const bus = parts.use(
    await connectNats({
      ...config.nats,
      name: config.name,
      onError: events.bus,
      signal: giveUp,
    }),
  );
  parts.use(keepStream({ bus, ...config.stream, every, onFault: events.stream }));
  return bus;
}

type Delivery = ReturnType<typeof startDelivery>;

/** Everything between a command and its recipients. */
function startDelivery(scene: Scene, database: Database, bus: NatsBus) {
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

const DIGEST_JITTER_MS = 1_000;

function startPush(
  { config, events, parts, nowMs, random, readText }: Scene,
  queue: PushQueue,
  { positions }: ReturnType<typeof startAuditors>,
): void {
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

function startServing(scene: Scene, database: Database, bus: NatsBus, delivery: Delivery) {
  const { config, events, parts, elapsedMs } = scene;
  const { handlers, api: deps } = createHandlers({ database, bus, name: config.name, ...delivery });
  const serving = serve({ bus, handlers, events: events.serve, nowMs: elapsedMs });
  parts.defer(() => serving.stop());
  const api = createApi({ key: config.api.key, deps, onFault: events.api });
  const { port } = parts.use(serveHttp(api.fetch, { ...config.api, onError: events.http }));
  return {
    port,
    get inFlight() {
      return serving.inFlight;
    },
  };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
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
