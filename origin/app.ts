/**
 * An origin, put together and running: from its settings to open ports, and back.
 *
 * Invariant: it ends in the reverse of the order in which it started. It takes no more requests,
 * answers those it took, hands on what was committed, and only then lets go of bus and database.
 *
 * @module
 */

import { hearDrain } from "shared/bus/drain.ts";
import { connectNats, type NatsBus } from "shared/bus/nats.ts";
import { type Check, createInternalApp } from "shared/http/internal.ts";
import { type HttpServer, serveHttp } from "shared/http/serve.ts";
import { createMetrics, exposeBounds } from "shared/metrics.ts";
import { keepReport } from "shared/report.ts";
import { keepingTrouble, RecentTrouble } from "shared/trouble.ts";
import { systemTurns } from "shared/turns.ts";
import { createApi } from "./api/api.ts";
import type { ApiDeps } from "./api/method.ts";
import { systemEvery } from "./audit/every.ts";
import { boundsOf } from "./bounds.ts";
import type { OriginConfig } from "./config.ts";
import { type Database, openDatabase, poolSizes } from "./database.ts";
import { type Delivery, startDelivery } from "./delivery.ts";
import { createHandlers } from "./handlers.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import { createInstruments, createOriginEvents } from "./metrics.ts";
import { createOperatorApp } from "./operator/app.tsx";
import { Operator } from "./operator/operator.ts";
import { upstashReader } from "./presence/store.ts";
import { createGateways } from "./push/config.ts";
import { PUSH_SETTINGS } from "./push/worker.ts";
import { REPORTED } from "./reported.ts";
import type { OriginDeps, Scene } from "./scene.ts";
import { serve } from "./serve.ts";
import { measureWalArchive, readWalArchive } from "./store/archive.ts";
import { isOfStandby } from "./store/sql.ts";
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
 * @throws {Error} When a port is taken, the database is not what this release needs or somebody
 * refuses it, and when it is to drain before all is there.
 */
export async function startOrigin(config: OriginConfig, deps: OriginDeps): Promise<Origin> {
  await using parts = new AsyncDisposableStack();
  const health: Health = {};
  const scene = prepare(config, deps, parts, health);
  const internal = openInternalPort(scene, health);
  const [database, bus] = await Promise.all([openPostgres(scene), openBus(scene)]);
  Object.assign(health, { database, bus });
  const delivery = startDelivery(scene, database, bus);
  const lanes = createLanes(poolSizes(config.database.maxConnections).reads, scene.turns);
  const serving = startServing(scene, health, { database, bus, delivery, lanes });
  parts.defer(hearDrain({ bus, replica: scene.id, drain: () => deps.drain.abort() }));
  const bounds = boundsOf({ lanes, delivery, bus, operator: scene.operator });
  exposeBounds(scene.metrics.registry, "origin", bounds);
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

type OriginScene = Scene & { operator: Operator };

function prepare(
  config: OriginConfig,
  deps: OriginDeps,
  parts: AsyncDisposableStack,
  health: Health,
): OriginScene {
  const { wallMs, nowMs, drain } = deps;
  const { name } = config;
  const id = `${name}-${crypto.randomUUID().slice(0, 8)}`;
  const metrics = parts.use(createMetrics("origin", nowMs));
  const trouble = new RecentTrouble(wallMs);
  const log = keepingTrouble(deps.log, trouble);
  const end = new AbortController();
  parts.defer(() => end.abort());
  const events = createOriginEvents(createInstruments(metrics.registry), log, nowMs);
  const kept = keepReport({
    program: "origin",
    name,
    registry: metrics.registry,
    reported: REPORTED,
    checks: checksOf(health),
    isDraining: () => drain.signal.aborted,
    trouble,
    turns: systemTurns,
    onFault: events.failed("report", "What operators are told could not be read"),
  });
  const report = parts.use(kept).latest;
  const operator = new Operator({ name, self: id, report, every: systemEvery, wallMs, nowMs });
  return {
    ...deps,
    log,
    config,
    id,
    giveUp: AbortSignal.any([deps.drain.signal, end.signal]),
    metrics,
    events,
    operator: parts.use(operator),
    report,
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
  api?: ApiDeps;
}

function checksOf(health: Health): Record<string, Check> {
  return {
    database: async () => {
      if (!health.database) return "not reached yet";
      // Whoever deploys or watches must not take this origin for one that works.
      return await isReadOnly(health.database) ? "it takes no writes" : undefined;
    },
    bus: () => health.bus?.status === "connected" ? undefined : "not connected",
    requests: () => health.isServing ? undefined : "not served yet",
  };
}

async function isReadOnly({ reads }: Database): Promise<boolean> {
  try {
    const [row] = await reads<{ readOnly: boolean }[]>`
      select current_setting('transaction_read_only')::boolean as "readOnly"`;
    return row!.readOnly;
  } catch (error) {
    if (isOfStandby(error)) return true;
    throw error;
  }
}

function openInternalPort(scene: OriginScene, health: Health) {
  const { config, drain, metrics, nowMs, events, parts } = scene;
  const app = createInternalApp({
    program: "origin",
    registry: metrics.registry,
    checks: checksOf(health),
    isDraining: () => drain.signal.aborted,
    drain: () => drain.abort(),
    adminKey: config.internal.adminKey ?? undefined,
    now: nowMs,
  });
  app.route("/operator", operatorApp(scene, health));
  return parts.use(serveHttp(app.fetch, { ...config.internal, onError: events.http }));
}

function operatorApp({ config, operator, log, wallMs }: OriginScene, health: Health) {
  return createOperatorApp({
    rules: config.internal,
    overview: () => operator.overview(),
    deps: () => {
      const { bus, api } = health;
      return bus && api && { bus, api, log, nameOf: (replica) => operator.nameOf(replica) };
    },
    wallMs,
  });
}

async function openPostgres(scene: Scene): Promise<Database> {
  const { config, giveUp, metrics, events, parts, turns } = scene;
  const database = parts.use(
    await openDatabase({
      ...config.database,
      name: config.name,
      signal: giveUp,
      onWait: events.database,
    }),
  );
  measureWalArchive(metrics.registry, () => readWalArchive(database.background), turns);
  return database;
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

interface Started {
  database: Database;
  bus: NatsBus;
  delivery: Delivery;
  lanes: Lanes;
}

function startServing(scene: Scene, health: Health, started: Started): HttpServer {
  const { database, bus, delivery, lanes } = started;
  const { config, events, parts, turns, nowMs } = scene;
  const { name, largeGroup, maxUserGroups } = config;
  const { handlers, api: deps } = createHandlers({
    ...{ name, largeGroup, maxUserGroups, database, bus, lanes, turns, wallMs: scene.wallMs },
    ...delivery,
  });
  const serving = serve({ bus, handlers, lanes, events: events.serve, nowMs });
  parts.defer(() => serving.stop());
  health.api = deps;
  const api = createApi({ key: config.api.key, deps, turns, events: events.api });
  return parts.use(serveHttp(api.fetch, { ...config.api, onError: events.http }));
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
