/**
 * Asking who is online, for all recipients of a batch at once.
 *
 * Invariant: it never rejects and never takes longer than the store's timeout, twice when a new
 * replica appeared; whoever it cannot tell about is unknown. Offline is never remembered.
 *
 * @module
 */

import type { UserId } from "shared/ids.ts";
import { MARKER_FIELD, userField } from "shared/presence.ts";
import type { Pulse } from "./beats.ts";
import { Breaker } from "./breaker.ts";
import {
  interpretPresence,
  isIncomplete,
  type Presence,
  type ReplicaAnswer,
  UNKNOWN,
} from "./interpret.ts";
import type { PresenceReader } from "./store.ts";

export interface PresenceLookup {
  lookup(users: readonly UserId[]): Promise<Map<UserId, Presence>>;
  /** Requests to the store under way; left out by one that asks no store. */
  readonly inFlight?: number;
}

/** Which edges beat now. */
export interface Pulses {
  of(replica: string): Pulse;
  heard(): string[];
}

export interface PresenceLookupOptions {
  reader: PresenceReader;
  pulses: Pulses;
  /** Wall clock, ms since 1970: replicas announce when they lapse in it. */
  wallMs: () => number;
  /** Monotonic. */
  nowMs: () => number;
  onOutcome: (outcome: LookupOutcome) => void;
  /** The store has lost what this replica wrote, which is alive. */
  onLost: (replica: string) => void;
}

export type LookupOutcome =
  | { kind: "answered"; ms: number }
  | { kind: "failed"; error: unknown }
  /** Not asked: too much under way, or the store has been failing. */
  | { kind: "skipped" };

export const MAX_IN_FLIGHT = 32;
/** Users asked about in one request; a request of Upstash may have 10 MB. */
const MAX_USERS = 2_000;
const BREAKER = { failures: 3, pauseMs: 1_000 };
/** Entries this long past their time are of replicas long dead, whatever the clocks say. */
const FORGET_REPLICA_MS = 10 * 60_000;

export function createPresenceLookup(options: PresenceLookupOptions): PresenceLookup {
  const breaker = new Breaker(BREAKER);
  let inFlight = 0;
  /** The replicas listed last: asked in the same request that lists them anew. */
  let known: readonly string[] = [];

  return {
    lookup,
    get inFlight() {
      return inFlight;
    },
  };

  async function lookup(users: readonly UserId[]): Promise<Map<UserId, Presence>> {
    if (users.length === 0) return new Map();
    if (users.length > MAX_USERS) {
      const [first, rest] = await Promise.all([
        lookup(users.slice(0, MAX_USERS)),
        lookup(users.slice(MAX_USERS)),
      ]);
      return new Map([...first, ...rest]);
    }
    const start = options.nowMs();
    if (inFlight >= MAX_IN_FLIGHT || !breaker.allows(start)) {
      options.onOutcome({ kind: "skipped" });
      return unknown(users);
    }
    inFlight++;
    try {
      const answers = await ask(users);
      breaker.succeeded();
      options.onOutcome({ kind: "answered", ms: options.nowMs() - start });
      return interpretPresence(users, answers);
    } catch (error) {
      breaker.failed(options.nowMs());
      options.onOutcome({ kind: "failed", error });
      return unknown(users);
    } finally {
      inFlight--;
    }
  }

  async function ask(users: readonly UserId[]): Promise<ReplicaAnswer[]> {
    const fields = [MARKER_FIELD, ...users.map(userField)];
    const asked = new Map<string, unknown>();
    const first = await askReplicas(alive([...known, ...options.pulses.heard()]), fields, asked);
    const listed = new Map(
      [...first].filter(([, until]) => until > options.wallMs() - FORGET_REPLICA_MS),
    );
    known = [...listed.keys()];
    const missing = alive([...listed.keys()]).filter((replica) => !asked.has(replica));
    if (missing.length > 0) await askReplicas(missing, fields, asked);
    return [...asked].flatMap(([replica, values]) => {
      const until = listed.get(replica);
      const pulse = options.pulses.of(replica);
      if (until === undefined && pulse !== "heard") return [];
      if (pulse === "heard" && isIncomplete(values)) options.onLost(replica);
      return [{ pulse, lapsed: (until ?? 0) <= options.wallMs(), values }];
    });
  }

  async function askReplicas(
    replicas: readonly string[],
    fields: readonly string[],
    asked: Map<string, unknown>,
  ): Promise<Map<string, number>> {
    const answers = await options.reader.read(replicas, fields);
    replicas.forEach((replica, index) => asked.set(replica, answers.hashes[index]));
    return answers.replicas;
  }

  function alive(replicas: readonly string[]): string[] {
    return [...new Set(replicas)].filter((replica) => options.pulses.of(replica) !== "silent");
  }
}

function unknown(users: readonly UserId[]): Map<UserId, Presence> {
  return new Map(users.map((user) => [user, UNKNOWN]));
}
