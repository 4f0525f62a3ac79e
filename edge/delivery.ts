/**
 * The delivery path of an edge, put together: bus, hub and prover below, presence and reports
 * beside, connections above.
 *
 * Invariant: what one part knows of another is what is handed to it here. No part starts, and
 * nothing is heard, before `start`.
 *
 * @module
 */

import { Admission } from "shared/admission.ts";
import type { Bus } from "shared/bus/bus.ts";
import type { ConnectionId, GroupId, UserId } from "shared/ids.ts";
import { VERSION } from "shared/version.ts";
import { CLOSES } from "shared/wire/codes.ts";
import type { EdgeConfig } from "./config.ts";
import { Connections } from "./connections.ts";
import { Healing } from "./healing.ts";
import { Hub, type HubDeps } from "./hub/hub.ts";
import { Ledger } from "./hub/ledger.ts";
import type { ReplayDeps } from "./hub/replay.ts";
import type { HashKey } from "./hub/topic_hash.ts";
import { CommandMeter } from "./limits/command_meter.ts";
import { UserLimits } from "./limits/user_limits.ts";
import type { EdgeEvents } from "./metrics.ts";
import { LeaseKeeper } from "./presence/lease_keeper.ts";
import { Roster } from "./presence/roster.ts";
import { Reporter } from "./received/reporter.ts";
import { Connection, type ConnectionDeps, type ConnectionLimits } from "./session/connection.ts";
import type { TokenVerifier } from "./token/verify.ts";
import type { Tracing } from "shared/tracing/tracing.ts";
import type { Turns } from "shared/turns.ts";
import { HandOutTraces } from "./tracing/hand_outs.ts";
import { tracedSends } from "./tracing/sends.ts";
import { Calls } from "./upstream/calls.ts";
import { createOrigin, type Origin, TIMEOUT_MS } from "./upstream/origin.ts";
import { readChanges } from "./upstream/read_changes.ts";
import { SendBatcher } from "./upstream/send_batch.ts";

export interface DeliveryDeps {
  bus: Bus;
  lease: LeaseKeeper;
  verifier: TokenVerifier;
  replica: string;
  events: EdgeEvents;
  turns: Turns;
  /** Wall clock, ms since 1970. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** A name that no other connection has, on any edge. */
  newId(): ConnectionId;
  /** 64 secret bits for the hashes of idle groups. */
  hashKey: HashKey;
  /** Hands on what the stream has kept since then (ms since 1970). */
  replay: ReplayDeps["read"];
  onFault(what: string, error?: unknown): void;
  /** Left out: no message is traced. */
  tracing?: Tracing | undefined;
}

/** What every session is held to; see the protocol. */
const SESSION = {
  pingMs: 25_000,
  pongMs: 8_000,
  probeMs: 5_000,
  connectMs: 10_000,
  // The SDK gives up after 5 s. Ticks come a second apart, and all is late when much is going on.
  answerMs: 3_200,
  graceMs: 25_000,
  maxPending: 256,
  // Four frames of the longest kind.
  maxPendingBytes: 256 * 1024,
  version: `fanfare ${VERSION}`,
};
export const SENDS = {
  maxInFlight: 2,
  maxBatch: 512,
  // Of the 1 MiB that a message of NATS may have.
  maxBatchBytes: 768 * 1024,
  // Half a second of what an origin commits at its fastest.
  maxWaiting: 20_000,
  maxWaitingBytes: 32 * 1024 * 1024,
};
/** Calls that wait for an origin: many times what all origins do in the 4 s that one may take. */
export const MAX_CALLS = 4_096;
/** Groups whose membership changes are read at once: one answer may show that many have changed. */
export const MAX_CHANGES_READ = 8;
/**
 * Events that all subscriptions remember to have been handed, 8 bytes each. It takes a minute without
 * proof, at tens of thousands a second, to come here; this edge is then as good as cut off.
 */
export const MAX_TALLIED = 2_000_000;
/**
 * Connects that wait for their turn: what an edge of half a core does before their patience ends.
 * Beyond, a 503 before the upgrade is a tenth of the work.
 */
export const MAX_WAITING_CONNECTS = 250;
/** Of these a user with hundreds of connections may have no more than this in front of others. */
const USER_SHARE = { placesPerKey: 4, maxWaitingPerKey: 32 };
const PAUSE_MS = 250;
/** So long the clients of an edge that starts afresh are sent away, evenly. */
const AFRESH_MS = 10_000;

export class Delivery {
  readonly connections: Connections;
  readonly ledger = new Ledger();
  readonly hub: Hub;
  readonly roster: Roster;
  readonly reporter: Reporter;
  readonly healing: Healing;
  readonly sends: SendBatcher;
  readonly calls: Calls;
  /** Connects and catch-ups of all connections. */
  readonly catchUps: Admission<UserId>;
  /** The reading of membership changes. */
  readonly changes: Admission<GroupId>;
  readonly users: UserLimits;
  readonly handOutTraces: HandOutTraces | undefined;
  readonly #deps: DeliveryDeps;
  #isFull = false;

  constructor(config: EdgeConfig, deps: DeliveryDeps) {
    const { bus, lease, turns, replica, tracing } = deps;
    this.#deps = deps;
    const now = turns.nowMs;
    const origin = createOrigin(bus);
    this.handOutTraces = tracing && new HandOutTraces({ tracing, turns });
    this.changes = new Admission({ places: MAX_CHANGES_READ, maxWaiting: 0, turns });
    this.hub = this.#createHub(config, origin);
    this.healing = new Healing({
      ...deps,
      now,
      origin,
      hub: this.hub,
      ledger: this.ledger,
      endAll: () => this.#endAll(),
    });
    const { limits } = config;
    this.users = new UserLimits({ ...limits, maxConnections: limits.maxUserConnections });
    this.catchUps = new Admission({
      places: limits.catchUps,
      maxWaiting: MAX_WAITING_CONNECTS,
      ...USER_SHARE,
      turns,
      events: deps.events.catchUps,
    });
    this.sends = new SendBatcher({
      request: (sends, withinMs) => origin.send(sends, withinMs),
      answerMs: TIMEOUT_MS,
      nowMs: now,
      soon: turns.soon,
      onRefused: () => deps.events.limited("edge"),
      ...SENDS,
    });
    this.calls = new Calls({
      origin,
      sends: tracing ? tracedSends(this.sends, tracing) : this.sends,
      admits: (user, method) => this.users.admits(user, method, turns.nowMs()),
      maxInFlight: MAX_CALLS,
      events: deps.events,
    });
    this.roster = new Roster((user, devices) => lease.set(user, devices));
    this.reporter = new Reporter({
      bus,
      replica,
      now,
      isConnected: (user) => this.roster.has(user),
    });
    const connectionDeps = this.#connectionDeps(config, origin);
    this.connections = new Connections({
      open: (id, socket) => new Connection(id, socket, connectionDeps),
      newId: deps.newId,
      turns,
    });
  }

  /** Listens to origins, and looks after the connections that come. */
  start(): void {
    this.healing.start();
    this.reporter.start();
    this.connections.start();
  }

  stop(): void {
    this.healing.stop();
    this.connections.stop();
    this.reporter.stop();
    this.handOutTraces?.stop();
  }

  /** Origins are heard, there is a first `proven`, and it is not too far behind. */
  get reachable(): boolean {
    return this.#deps.bus.status === "connected" && this.healing.ready && !this.#isFull;
  }

  /** To be called every second. */
  async tick(): Promise<void> {
    this.reporter.tick();
    this.users.prune(this.#deps.turns.nowMs());
    this.hub.archiveIdle();
    this.#isFull = this.ledger.tallied > MAX_TALLIED;
    await this.healing.tick();
  }

  #createHub(config: EdgeConfig, origin: Origin): Hub {
    const { bus, events } = this.#deps;
    const hub: HubDeps = {
      ledger: this.ledger,
      subscribe: (subject, handle) => bus.subscribe(subject, handle),
      readChanges: (group, after) =>
        this.changes.run(group, () => readChanges(origin, group, after)),
      pause: () => this.#pause(),
      archiveAfterMs: config.archiveAfterMs,
      hashKey: this.#deps.hashKey,
      events,
    };
    return new Hub(this.handOutTraces?.watch(hub) ?? hub);
  }

  /** All connections resume from the database, a few at a time. */
  async #endAll(): Promise<void> {
    await this.connections.release(CLOSES.insufficientState, AFRESH_MS);
    // One whose upgrade was under way may have come meanwhile.
    this.connections.endAll(CLOSES.insufficientState);
  }

  #connectionDeps(config: EdgeConfig, origin: Origin): ConnectionDeps {
    const { bus, verifier, turns, now: wallMs, events } = this.#deps;
    return {
      hub: this.hub,
      origin,
      calls: this.calls,
      catchUps: this.catchUps,
      limits: this.#limits(config),
      verify: (token) => verifier.verify(token),
      presence: this.roster,
      received: (user, stretch) => this.reporter.received(user, stretch),
      ended: (user) => this.reporter.ended(user),
      flushBus: () => bus.flush(),
      proven: () => this.ledger.proven,
      pause: () => this.#pause(),
      maxBufferBytes: config.sendBufferBytes,
      nowMs: turns.nowMs,
      wallMs,
      settings: SESSION,
      events,
    };
  }

  #limits({ limits }: EdgeConfig): ConnectionLimits {
    const { turns } = this.#deps;
    return {
      meter() {
        const meter = new CommandMeter(limits.commands);
        return (command) => meter.judge(command, turns.nowMs());
      },
      connect: (user) => this.users.connect(user),
      disconnect: (user) => this.users.disconnect(user),
    };
  }

  /** A quarter to half a second: so that edges do not all try again together. */
  #pause(): Promise<void> {
    const delayMs = PAUSE_MS * (1 + this.#deps.random());
    return new Promise((resolve) => void this.#deps.turns.later(resolve, delayMs));
  }
}
