/**
 * An origin, put together and running: from its settings to open ports, and back.
 *
 * Invariant: it ends in the reverse of the order in which it started. It takes no more requests,
 * answers those it took, hands on what was committed, and only then lets go of bus and database.
 *
 * @module
 */

import { connectNats, type NatsBus } from "shared/bus/nats.ts";
import { createInternalApp } from "shared/http/internal.ts";
import { type HttpServer, serveHttp } from "shared/http/serve.ts";
import { createMetrics, exposeBounds } from "shared/metrics.ts";
import { systemTurns } from "shared/turns.ts";
import { createApi } from "./api/api.ts";
import { systemEvery } from "./audit/every.ts";
import { boundsOf } from "./bounds.ts";
import type { OriginConfig } from "./config.ts";
import { type Database, openDatabase, poolSizes } from "./database.ts";
import { type Delivery, startDelivery } from "./delivery.ts";
import { createHandlers } from "./handlers.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import { createInstruments, createOriginEvents } from "./metrics.ts";
import { upstashReader } from "./presence/store.ts";
import { createGateways } from "./push/config.ts";
import { PUSH_SETTINGS } from "./push/worker.ts";
import type { OriginDeps, Scene } from "./scene.ts";
import { serve } from "./serve.ts";
import { keepStream } from "./stream.ts";
import { measureStream } from "./stream_size.ts";

export interface Origin {
  readonly port: number;
  readonly internalPort: number;
  /** Resolves when it has drained. */
  readonly ended: Promise<void>;
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
  const lanes = createLanes(poolSizes(config.database.maxConnections).reads, scene.turns);
  const serving = startServing(scene, database, bus, delivery, lanes);
  exposeBounds(scene.metrics.registry, "origin", boundsOf({ lanes, delivery, bus }));
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
    turns: systemTurns,
    presenceReader: upstashReader(config.redis),
    gateways: createGateways(config.push, deps),
    pushSettings: PUSH_SETTINGS,
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

async function openBus(scene: Scene): Promise<NatsBus> {
  const { config, giveUp, metrics, events, parts, every } = scene;
  const bus = parts.use(
    await connectNats({
      ...config.nats,
      name: config.name,
      onError: events.bus,
      signal: giveUp,
    }),
  );
  const stream = parts.use(keepStream({ bus, ...config.stream, every, events: events.stream }));
  measureStream(metrics.registry, bus, stream);
  return bus;
}

function startServing(
  scene: Scene,
  database: Database,
  bus: NatsBus,
  delivery: Delivery,
  lanes: Lanes,
): HttpServer {
  const { config, events, parts, turns, elapsedMs } = scene;
  const { name, largeGroup } = config;
  const { handlers, api: deps } = createHandlers({
    ...{ name, largeGroup, database, bus, lanes },
    ...delivery,
  });
  const serving = serve({ bus, handlers, lanes, events: events.serve, nowMs: elapsedMs });
  parts.defer(() => serving.stop());
  const api = createApi({ key: config.api.key, deps, turns, events: events.api });
  return parts.use(serveHttp(api.fetch, { ...config.api, onError: events.http }));
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
