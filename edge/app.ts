/**
 * An edge, put together and running: from its settings to open ports, and back.
 *
 * Invariant: it takes connections only while it hears origins and is not draining; and it ends in
 * the reverse of the order in which it started: clients are sent elsewhere, presence is taken away
 * and reported, and only then do the bus and the internal port go.
 *
 * @module
 */

import type { Registry } from "prom-client";
import { hearDrain } from "shared/bus/drain.ts";
import { replayStream } from "shared/bus/jetstream.ts";
import { connectNats, type NatsBus } from "shared/bus/nats.ts";
import { type Check, createInternalApp } from "shared/http/internal.ts";
import { serveHttp } from "shared/http/serve.ts";
import type { Log } from "shared/log.ts";
import type { ConnectionId } from "shared/ids.ts";
import { createMetrics, exposeBounds } from "shared/metrics.ts";
import { keepingTrouble, RecentTrouble } from "shared/trouble.ts";
import { CLOSES } from "shared/wire/codes.ts";
import { boundsOf } from "./bounds.ts";
import type { EdgeConfig } from "./config.ts";
import { Delivery } from "./delivery.ts";
import type { HashKey } from "./hub/topic_hash.ts";
import { countEvents, type EdgeEvents, exposeMeasures, type Measures } from "./metrics.ts";
import { Notices } from "./notices.ts";
import { startBeats } from "./presence/beat.ts";
import { hearDoubts } from "./presence/doubts.ts";
import { LeaseKeeper } from "./presence/lease_keeper.ts";
import { upstashStore } from "./presence/store.ts";
import { createPublicPort, keepOpen } from "./public_port.ts";
import { keepEdgeReport } from "./reported.ts";
import type { SocketServer } from "./socket/accept.ts";
import type { Listening } from "./socket/listening.ts";
import type { Codecs } from "./socket/upgrade.ts";
import { openVerifier } from "./token/open.ts";
import type { TokenVerifier } from "./token/verify.ts";
import type { Tracing } from "shared/tracing/tracing.ts";
import type { Turns } from "shared/turns.ts";
import { startUpkeep } from "./upkeep.ts";

export interface EdgeDeps {
  codecs: Codecs;
  log: Log;
  turns: Turns;
  /** Wall clock, ms since 1970. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Aborted by whoever wants the edge to drain: a signal of the system, or an operator. */
  drain: AbortController;
  /** Left out: no message is traced. */
  tracing?: Tracing | undefined;
}

export interface Edge {
  readonly replica: string;
  readonly port: number;
  readonly internalPort: number;
  /** Resolves when it has drained. */
  readonly ended: Promise<void>;
}

/** What the parts of one edge share. */
interface Scene extends EdgeDeps {
  config: EdgeConfig;
  replica: string;
  registry: Registry;
  events: EdgeEvents;
  notices: Notices;
  trouble: RecentTrouble;
  /** Ends what was added to it, last first: when the edge drains, or when it cannot start. */
  parts: AsyncDisposableStack;
  /** What readiness looks at, as far as it exists. */
  health: { bus?: NatsBus; delivery?: Delivery; listening?: Listening };
}

/**
 * Resolves when its ports are open.
 *
 * @throws {Error} When a port is taken or NATS refuses it, and when it is to drain before that.
 */
export async function startEdge(config: EdgeConfig, deps: EdgeDeps): Promise<Edge> {
  await using parts = new AsyncDisposableStack();
  const scene = prepare(config, deps, parts);
  const internal = openInternalPort(scene);
  const bus = scene.health.bus = await openBus(scene);
  const lease = createLease(scene);
  const verifier = createVerifier(scene);
  const delivery = scene.health.delivery = startDelivery(scene, bus, lease, verifier);
  const server = createPublicPort(scene, delivery);
  exposeMeasures(scene.registry, measuresOf(server, delivery, lease));
  const bounded = { server, delivery, lease, verifier, notices: scene.notices, bus };
  exposeBounds(scene.registry, "edge", boundsOf(config, bounded));
  const port = await server.listen(config.listen);
  parts.defer(() => server.close());
  const listening = scene.health.listening = keepOpen(scene, server, port);
  parts.defer(() => listening.end());
  parts.defer(() => delivery.connections.release(CLOSES.shutdown, config.drainMs));
  const running = parts.move();
  return {
    replica: scene.replica,
    port,
    internalPort: internal.port,
    ended: whenAborted(deps.drain.signal).then(() => running.disposeAsync()),
  };
}

function prepare(config: EdgeConfig, deps: EdgeDeps, parts: AsyncDisposableStack): Scene {
  const { registry } = parts.use(createMetrics("edge", deps.now));
  const trouble = new RecentTrouble(deps.now);
  const log = keepingTrouble(deps.log, trouble);
  return {
    ...deps,
    log,
    trouble,
    config,
    parts,
    registry,
    // Each start is a replica of its own: what the one before left in presence is not ours.
    replica: `${config.name}-${crypto.randomUUID().slice(0, 8)}`,
    events: countEvents(registry, deps.now),
    notices: new Notices({ log, now: deps.now }),
    health: {},
  };
}

/** Up before the bus is, so that an edge which waits for it can be seen to live. */
function openInternalPort(scene: Scene) {
  const { config, registry, drain, now, notices, parts } = scene;
  const { hostname, port, adminKey } = config.internal;
  const app = createInternalApp({
    program: "edge",
    registry,
    checks: checksOf(scene),
    isDraining: () => drain.signal.aborted,
    drain: () => drain.abort(),
    adminKey: adminKey ?? undefined,
    now,
  });
  const onError = (error: unknown) => notices.fail("The internal port could not answer", error);
  return parts.use(serveHttp(app.fetch, { hostname, port, onError }));
}

/** Not presence: without it everything is delivered, and pushed besides. */
function checksOf({ health }: Scene): Record<string, Check> {
  return {
    bus: () => health.bus?.status === "connected" ? undefined : "not connected",
    origin: () => health.delivery?.reachable ? undefined : "no origin is heard",
    port: () => {
      if (!health.listening) return "not open yet";
      return health.listening.isDeaf ? "it takes nobody, and could not be opened anew" : undefined;
    },
  };
}

async function openBus({ config, replica, drain, notices, parts }: Scene): Promise<NatsBus> {
  return parts.use(
    await connectNats({
      ...config.nats,
      name: replica,
      signal: drain.signal,
      onError: (error) => notices.warn(error.message, error),
    }),
  );
}

function createLease({ config, replica, turns, now, events, notices }: Scene): LeaseKeeper {
  return new LeaseKeeper({
    replica,
    ...config.presence,
    store: upstashStore(config.redis),
    turns,
    now,
    onFault(error, kind) {
      events.presenceFailed(kind);
      notices.warn("Presence could not be written; it is tried again", error);
    },
  });
}

function createVerifier({ config, now, events, notices }: Scene): TokenVerifier {
  return openVerifier(config.tokens, {
    now,
    onFault(error) {
      events.keysFailed();
      notices.warn("The issuer's keys could not be fetched", error);
    },
  });
}

function startDelivery(
  scene: Scene,
  bus: NatsBus,
  lease: LeaseKeeper,
  verifier: TokenVerifier,
): Delivery {
  const { config, replica, turns, notices, parts } = scene;
  const delivery = new Delivery(config, {
    ...scene,
    bus,
    lease,
    verifier,
    newId: () => crypto.randomUUID() as ConnectionId,
    hashKey: newHashKey(),
    replay: (sinceMs, handle, signal) => replayStream(bus, sinceMs, handle, signal),
    onFault: (what, error) => notices.warn(what, error),
  });
  delivery.start();
  parts.defer(() => delivery.stop());
  // Presence is taken away before the last reports go out, and before the last beat says so.
  const report = parts.use(keepEdgeReport(scene, checksOf(scene)));
  parts.defer(startBeats({ bus, replica, turns, report: report.latest }));
  lease.start();
  parts.defer(() => lease.stop());
  parts.defer(hearDrain({ bus, replica, drain: () => scene.drain.abort() }));
  parts.defer(hearDoubts({ bus, replica, lease }));
  parts.defer(startUpkeep({
    delivery,
    turns,
    onHopeless: () => notices.warn("No origin is heard: clients are sent elsewhere"),
    onFault: (error) => notices.fail("A round of upkeep failed", error),
  }));
  return delivery;
}

function measuresOf(server: SocketServer, delivery: Delivery, lease: LeaseKeeper): Measures {
  return {
    sockets: () => server.measure(),
    users: () => delivery.roster.users,
    subscriptions: () => delivery.hub.audience.size,
    archive: () => delivery.hub.archive.size,
    provenAgeMs: () => delivery.healing.provenAgeMs,
    presenceWhole: () => lease.whole,
  };
}

function newHashKey(): HashKey {
  const [low, high] = crypto.getRandomValues(new Uint32Array(2));
  return [low!, high!];
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
