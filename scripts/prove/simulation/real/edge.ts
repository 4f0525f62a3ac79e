/**
 * An edge of the simulated world: all of the real one but its sockets and its connections.
 *
 * Invariant: it is put together as `edge/app.ts` does, and ends in the same order when it drains;
 * when it is killed nothing of it is heard again.
 *
 * @module
 */

import { ANNOUNCE } from "shared/bus/requests.ts";
import type { ConnectionId, UserId } from "shared/ids.ts";
import { CLOSES } from "shared/wire/codes.ts";
import { type EdgeConfig, readEdgeConfig } from "edge/config.ts";
import { Delivery } from "edge/delivery.ts";
import { startBeats } from "edge/presence/beat.ts";
import { hearDoubts } from "edge/presence/doubts.ts";
import { LeaseKeeper } from "edge/presence/lease_keeper.ts";
import type { PresenceCommand } from "edge/presence/store.ts";
import type { TokenVerifier, Verdict } from "edge/token/verify.ts";
import { startUpkeep } from "edge/upkeep.ts";
import { BusClient } from "../model/bus_client.ts";
import type { Chronicle } from "../model/chronicle.ts";
import type { Pipe } from "../model/pipe.ts";
import { Process } from "../model/process.ts";
import type { Models } from "../models.ts";
import { edgeEvents } from "./edge_events.ts";

export interface EdgeWatch {
  /** The edge tells origins, or an origin that asked, what users have received. */
  onReport(data: Uint8Array): void;
  /** The edge writes presence. */
  onPresence(commands: PresenceCommand[]): void;
}

export interface EdgeDeps {
  models: Models;
  watch: EdgeWatch;
  config: EdgeConfig;
  newId(): ConnectionId;
  /** Whether the stream fails the next who reads it again. */
  replayFails(): boolean;
}

export interface EdgeProcess {
  readonly process: Process;
  readonly bus: BusClient;
  readonly delivery: Delivery;
  readonly lease: LeaseKeeper;
  readonly verifier: ModelVerifier;
  /** Takes a device's connection; false: 503. */
  accept(pipe: Pipe): boolean;
  drain(): Promise<void>;
  readonly draining: boolean;
}

/** So that a few clients come to them. */
const TIGHT = { maxUserConnections: 12, commands: { perS: 20, burst: 30 }, catchUps: 4 };

export function edgeConfig(archiveAfterMs: number): EdgeConfig {
  const config = readEdgeConfig({
    NATS_URL: "nats://nowhere",
    UPSTASH_REDIS_REST_URL: "http://nowhere",
    UPSTASH_REDIS_REST_TOKEN: "t",
    TOKEN_SECRET: "s".repeat(32),
    DRAIN_MS: "400",
  });
  // A few events fill it, so that buffers overflow and slow devices are found out.
  const limits = { ...config.limits, ...TIGHT };
  const presence = { ...config.presence, beatS: 5 };
  return { ...config, limits, presence, archiveAfterMs, sendBufferBytes: 2_000 };
}

export function startEdge(name: string, deps: EdgeDeps): EdgeProcess {
  const { models, watch, config, newId } = deps;
  const { timeline, random, chronicle, redis } = models;
  const process = new Process(name, timeline);
  const bus = new BusClient({
    ...models,
    process,
    onFault: models.onFault,
    onPublish: (subject, data) => watchReports(subject, data, watch),
  });
  const { turns, now } = process;
  const lease = new LeaseKeeper({
    replica: name,
    ...config.presence,
    store: {
      pipeline(commands) {
        watch.onPresence(commands);
        return redis.pipeline(process, commands);
      },
    },
    turns,
    now,
    onFault: (_error, kind) => chronicle.note(`presence write failed: ${kind}`),
  });
  const events = edgeEvents(chronicle);
  const verifier = new ModelVerifier(process, chronicle);
  const delivery = new Delivery(config, {
    bus,
    lease,
    verifier,
    replica: name,
    events,
    turns,
    now,
    random: random.next,
    newId,
    hashKey: [random.int(2 ** 32), random.int(2 ** 32)],
    replay: (sinceMs, handle, signal) => bus.replay(sinceMs, handle, signal, deps.replayFails()),
    onFault: () => {},
  });
  const parts = new AsyncDisposableStack();
  delivery.start();
  parts.defer(() => delivery.stop());
  lease.start();
  parts.defer(() => lease.stop());
  parts.defer(startBeats({ bus, replica: name, turns }));
  parts.defer(hearDoubts({ bus, replica: name, lease }));
  parts.defer(startUpkeep({
    delivery,
    turns,
    onHopeless: () => chronicle.note("edge is cut off"),
    onFault: models.onFault,
  }));
  parts.defer(() => delivery.connections.release(CLOSES.shutdown, config.drainMs));
  let draining = false;
  return {
    process,
    bus,
    delivery,
    lease,
    verifier,
    accept(pipe) {
      if (!process.alive) return false;
      const reason = draining ? "draining" : delivery.reachable ? undefined : "unreachable";
      if (reason) events.upgradeRefused(reason);
      if (reason) return false;
      pipe.attach(delivery.connections.add(pipe));
      return true;
    },
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

const VERIFYING_MS = 1;

/** Tokens are what `tokenOf` writes; what is anything else is invalid. */
export class ModelVerifier implements TokenVerifier {
  readonly remembered = 0;
  readonly #process: Process;
  readonly #chronicle: Chronicle;
  /** The issuer's keys cannot be fetched. */
  unavailable = false;

  constructor(process: Process, chronicle: Chronicle) {
    this.#process = process;
    this.#chronicle = chronicle;
  }

  verify(token: string): Promise<Verdict> {
    this.#chronicle.note("token checked");
    return new Promise((resolve) => {
      this.#process.after(VERIFYING_MS, () => resolve(this.#judge(token)));
    });
  }

  #judge(token: string): Verdict {
    if (this.unavailable) return { ok: false, why: "unavailable", words: "no keys" };
    const [user, expires, issued] = token.split(" ");
    const expiresMs = Number(expires);
    if (!user || !(expiresMs > 0)) return { ok: false, why: "invalid", words: "no token" };
    if (expiresMs < this.#process.now()) return { ok: false, why: "expired", words: "expired" };
    return { ok: true, user: user as UserId, expiresMs, issuedMs: Number(issued) };
  }
}

export interface Token {
  user: UserId;
  issuedMs: number;
  expiresMs: number;
}

export function tokenOf({ user, issuedMs, expiresMs }: Token): string {
  return `${user} ${Math.floor(expiresMs)} ${Math.floor(issuedMs)}`;
}

function watchReports(subject: string, data: Uint8Array, { onReport }: EdgeWatch): void {
  // The answers to a question of origins are reports as well; other answers an edge gives none.
  if (subject === ANNOUNCE.received || subject.startsWith("_INBOX.")) onReport(data);
}
