/**
 * Everything of an edge that grows with use, and what it may grow to.
 *
 * Invariant: whatever an edge keeps of its clients, or asks for them, is in this list and in the
 * table of bounds, which says what happens there; a test compares the two.
 *
 * @module
 */

import { MAX_PENDING_BYTES, type NatsBus } from "shared/bus/nats.ts";
import type { Bound } from "shared/metrics.ts";
import type { EdgeConfig } from "./config.ts";
import * as delivery from "./delivery.ts";
import { MAX_HELD } from "./hub/hub.ts";
import { MAX_WAITING } from "./hub/prover.ts";
import { MAX_WORDS, type Notices } from "./notices.ts";
import { MAX_UNWRITTEN } from "./presence/lease.ts";
import type { LeaseKeeper } from "./presence/lease_keeper.ts";
import { MAX_POSITIONS } from "./received/positions.ts";
import { MAX_ENDED } from "./received/reporter.ts";
import type { SocketServer } from "./socket/accept.ts";
import { MAX_TRACED } from "./tracing/hand_outs.ts";
import { REMEMBERED_TOKENS, type TokenVerifier } from "./token/verify.ts";

export interface BoundedParts {
  server: SocketServer;
  delivery: delivery.Delivery;
  lease: LeaseKeeper;
  verifier: TokenVerifier;
  notices: Notices;
  bus: NatsBus;
}

export function boundsOf(config: EdgeConfig, parts: BoundedParts): Record<string, Bound> {
  return {
    ...boundsOfClients(config, parts),
    ...boundsOfDelivery(config, parts),
    ...boundsBeside(parts),
  };
}

function boundsOfClients(config: EdgeConfig, parts: BoundedParts) {
  const { limits, sendBufferBytes, sendBuffersTotalBytes } = config;
  const { server, verifier, delivery: { connections, catchUps, sends, calls, users } } = parts;
  return {
    connections: { size: () => connections.size, limit: limits.maxConnections },
    slowest_socket: {
      size: () => server.measure().maxQueuedBytes,
      limit: sendBufferBytes,
      unit: "bytes",
    },
    all_sockets: {
      size: () => server.measure().heldBytes,
      limit: sendBuffersTotalBytes + 64 * 1024 * limits.maxConnections,
      unit: "bytes",
    },
    catch_ups_running: { size: () => catchUps.inside, limit: limits.catchUps, kind: "work" },
    catch_ups_waiting: {
      size: () => catchUps.waitingWithPatience,
      limit: delivery.MAX_WAITING_CONNECTS,
    },
    // Those who are connected already are never refused, and have one read each.
    pages_waiting: {
      size: () => catchUps.waiting - catchUps.waitingWithPatience,
      limit: limits.maxConnections,
      kind: "work",
    },
    sends_waiting: { size: () => sends.waiting.sends, limit: delivery.SENDS.maxWaiting },
    sends_waiting_text: {
      size: () => sends.waiting.bytes,
      limit: delivery.SENDS.maxWaitingBytes,
      unit: "bytes",
    },
    calls_in_flight: { size: () => calls.inFlight, limit: delivery.MAX_CALLS },
    // Users who are connected, or were a few seconds ago; three rates each.
    rates: { size: () => users.size, limit: 3 * limits.maxConnections, kind: "work" },
    tokens: { size: () => verifier.remembered, limit: REMEMBERED_TOKENS, kind: "cache" },
  } satisfies Record<string, Bound>;
}

function boundsOfDelivery({ limits }: EdgeConfig, { delivery: parts }: BoundedParts) {
  const { hub, ledger, healing, changes, reporter } = parts;
  return {
    tallied_events: { size: () => ledger.tallied, limit: delivery.MAX_TALLIED },
    held_events: { size: () => hub.held, limit: MAX_HELD },
    // Each of them is an event that is tallied.
    ending_intervals: { size: () => hub.audience.ending, limit: delivery.MAX_TALLIED },
    // Pairs of a connection and a group that it has not heard of for long.
    archived_groups: { size: () => hub.archive.size.held },
    digests_waiting: { size: () => healing.waiting, limit: MAX_WAITING },
    changes_read: { size: () => changes.inside, limit: delivery.MAX_CHANGES_READ, kind: "work" },
    received_positions: {
      size: () => reporter.kept.positions,
      limit: MAX_POSITIONS,
      kind: "cache",
    },
    ended_users: { size: () => reporter.kept.ended, limit: MAX_ENDED },
    traced_messages: {
      size: () => parts.handOutTraces?.size ?? 0,
      limit: MAX_TRACED,
      kind: "cache",
    },
    present_users: { size: () => parts.roster.users, limit: limits.maxConnections },
  } satisfies Record<string, Bound>;
}

function boundsBeside({ lease, notices, bus }: BoundedParts) {
  return {
    presence_unwritten: { size: () => lease.backlog.unwritten, limit: MAX_UNWRITTEN },
    // Somebody waits for each of them, for a second at most.
    presence_waited_for: { size: () => lease.backlog.waitedFor, limit: MAX_UNWRITTEN },
    log_words: { size: () => notices.size, limit: MAX_WORDS },
    bus_pending: { size: () => bus.pendingBytes, limit: MAX_PENDING_BYTES, unit: "bytes" },
  } satisfies Record<string, Bound>;
}
