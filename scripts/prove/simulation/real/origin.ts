/**
 * An origin of the simulated world: all of the real one but its connections.
 *
 * Invariant: it is put together as `origin/app.ts` does, and ends in the same order when it drains;
 * when it is killed nothing of it is heard again.
 *
 * @module
 */

import { SILENT_LOG } from "shared/log.ts";
import { type OriginConfig, readOriginConfig } from "origin/config.ts";
import { type Database, poolSizes } from "origin/database.ts";
import { startDelivery } from "origin/delivery.ts";
import type { LateCheck } from "origin/audit/late_check_shell.ts";
import { createHandlers } from "origin/handlers.ts";
import type { ApiDeps } from "origin/api/method.ts";
import { createLanes } from "origin/lanes.ts";
import { PLATFORMS } from "origin/push/gateway/gateway.ts";
import { PUSH_SETTINGS } from "origin/push/worker.ts";
import type { Scene } from "origin/scene.ts";
import { serve } from "origin/serve.ts";
import { decodeMessage, type Digest } from "shared/bus/requests.ts";
import { ANNOUNCE } from "shared/bus/requests.ts";
import { BusClient } from "../model/bus_client.ts";
import type { Chronicle } from "../model/chronicle.ts";
import { kindOfSubject } from "../model/message_faults.ts";
import { Process } from "../model/process.ts";
import type { Models } from "../models.ts";
import { originEvents } from "./origin_events.ts";

export interface OriginProcess {
  readonly process: Process;
  readonly bus: BusClient;
  readonly api: ApiDeps;
  readonly lateCheck: LateCheck;
  /** Takes no more and hands on what it took. */
  drain(): Promise<void>;
  readonly draining: boolean;
}

export function originConfig(largeGroup: number, archiveAfterMs: number): OriginConfig {
  const config = readOriginConfig({
    API_KEY: "k".repeat(32),
    DATABASE_URL: "postgres://nobody@nowhere/nothing",
    NATS_URL: "nats://nowhere",
    UPSTASH_REDIS_REST_URL: "http://nowhere",
    UPSTASH_REDIS_REST_TOKEN: "t",
  }, () => "");
  return { ...config, largeGroup, archiveAfterMs };
}

export function startOrigin(name: string, config: OriginConfig, models: Models): OriginProcess {
  const { timeline, random, chronicle, postgres, redis, provider } = models;
  const process = new Process(name, timeline);
  const bus = new BusClient({
    ...models,
    process,
    onFault: models.onFault,
    onPublish(subject, data) {
      if (kindOfSubject(subject) === "live message") process.reached("while publishing");
      if (subject === ANNOUNCE.digest) noteDigest(data, chronicle);
    },
  });
  const parts = new AsyncDisposableStack();
  const scene: Scene = {
    config,
    id: name,
    log: SILENT_LOG,
    wallMs: process.now,
    nowMs: process.turns.nowMs,
    random: random.next,
    readText: () => "",
    drain: new AbortController(),
    giveUp: new AbortController().signal,
    metrics: NO_METRICS,
    events: originEvents(chronicle),
    every: process.every,
    turns: process.turns,
    reached: (moment) => void process.reached(moment),
    presenceReader: redis.reader(process),
    gateways: new Map(PLATFORMS.map((platform) => [platform, provider.gateway(platform, process)])),
    pushSettings: { ...PUSH_SETTINGS, remembered: 100, pollMs: 8_000 },
    parts,
  };
  const database = postgres.connect(process) as Database;
  const delivery = startDelivery(scene, database, bus);
  const { largeGroup, maxUserGroups, database: { maxConnections } } = config;
  const { events, nowMs, turns } = scene;
  const lanes = createLanes(poolSizes(maxConnections).reads, turns);
  const { handlers, api } = createHandlers({
    ...{ name, largeGroup, maxUserGroups, database, bus, lanes, turns, wallMs: scene.wallMs },
    ...delivery,
  });
  const serving = serve({ bus, handlers, lanes, events: events.serve, nowMs });
  parts.defer(() => serving.stop());
  let draining = false;
  return {
    process,
    bus,
    api,
    lateCheck: delivery.lateCheck,
    get draining() {
      return draining;
    },
    async drain() {
      draining = true;
      await parts.disposeAsync();
      await bus.drain();
      process.kill();
    },
  };
}

/** Gauges are made as ever; nobody reads them. */
const NO_METRICS = { registry: { registerMetric() {} } } as unknown as Scene["metrics"];

function noteDigest(data: Uint8Array, chronicle: Chronicle): void {
  const { topics, upto, revoked } = decodeMessage<Digest>(data);
  if (revoked) chronicle.note("digest of revocations", upto);
  chronicle.note(topics.length > 0 ? "digest of events" : "digest of nothing", upto);
}
