/**
 * Everything of an origin that grows with use, and what it may grow to.
 *
 * Invariant: whatever an origin keeps, or has under way, is in this list and in the table of bounds,
 * which says what happens there; a test compares the two.
 *
 * @module
 */

import { MAX_PENDING_BYTES, type NatsBus } from "shared/bus/nats.ts";
import type { Bound } from "shared/metrics.ts";
import { MAX_WAITING as MAX_ENDED } from "./audit/ended_check.ts";
import { MAX_USERS } from "./audit/received.ts";
import { QUEUE_BOUNDS } from "./commit/committer.ts";
import type { Delivery } from "./delivery.ts";
import { MAX_CACHED_IDS } from "./fan_out/audience.ts";
import { MAX_BACKLOG, MAX_BACKLOG_BYTES, MAX_LOOKUPS, MAX_STORING } from "./fan_out/fan_out.ts";
import { type Lane, type Lanes, MAX_WAITING } from "./lanes.ts";
import { MAX_REPLICAS } from "./operator/fleet.ts";
import type { Operator } from "./operator/operator.ts";
import { MAX_IN_FLIGHT } from "./presence/lookup.ts";
import { PUSH_SETTINGS } from "./push/worker.ts";
import { MAX_TRACED } from "./tracing/message_traces.ts";

const QUEUED_LANES = ["calls", "entering", "healing", "revocations"] as const satisfies Lane[];

export interface BoundedParts {
  lanes: Lanes;
  delivery: Delivery;
  bus: NatsBus;
  operator: Operator;
}

export function boundsOf(parts: BoundedParts): Record<string, Bound> {
  const { lanes, delivery: { committer }, bus, operator } = parts;
  return {
    requests_of_sends: { size: () => lanes.sends.inside, limit: lanes.sends.places },
    ...Object.fromEntries(QUEUED_LANES.flatMap((lane): [string, Bound][] => [
      [
        `requests_of_${lane}`,
        { size: () => lanes[lane].inside, limit: lanes[lane].places, kind: "work" },
      ],
      [`waiting_of_${lane}`, { size: () => lanes[lane].waiting, limit: MAX_WAITING }],
    ])),
    commands_queued: { size: () => committer.queued, limit: QUEUE_BOUNDS.maxQueued },
    commands_queued_text: {
      size: () => committer.queuedBytes,
      limit: QUEUE_BOUNDS.maxQueuedBytes,
      unit: "bytes",
    },
    commands_joined: { size: () => committer.joined, limit: QUEUE_BOUNDS.maxQueued },
    ...boundsOfDelivery(parts),
    replicas_heard: { size: () => operator.fleet.size, limit: MAX_REPLICAS },
    bus_pending: { size: () => bus.pendingBytes, limit: MAX_PENDING_BYTES, unit: "bytes" },
  };
}

function boundsOfDelivery({ delivery }: BoundedParts): Record<string, Bound> {
  const { fanOut, audiences, lateCheck, presence, pushWorker, traces } = delivery;
  return {
    fan_out_waiting: { size: () => fanOut.backlog.events, limit: MAX_BACKLOG },
    fan_out_waiting_text: {
      size: () => fanOut.backlog.bytes,
      limit: MAX_BACKLOG_BYTES,
      unit: "bytes",
    },
    fan_out_lookups: { size: () => fanOut.backlog.lookups, limit: MAX_LOOKUPS, kind: "work" },
    fan_out_storing: { size: () => fanOut.backlog.storing, limit: MAX_STORING },
    audience_ids: { size: () => audiences.kept.ids, limit: MAX_CACHED_IDS, kind: "cache" },
    // For the events of the lookups under way.
    audience_reads: { size: () => audiences.kept.reading },
    presence_lookups: { size: () => presence.inFlight ?? 0, limit: MAX_IN_FLIGHT },
    received_positions: { size: () => lateCheck.positions.size, limit: MAX_USERS, kind: "cache" },
    ended_users: { size: () => lateCheck.endedUsers, limit: MAX_ENDED },
    push_jobs_in_hand: {
      size: () => pushWorker.kept.jobs,
      limit: PUSH_SETTINGS.maxJobs,
      kind: "work",
    },
    push_sends_remembered: {
      size: () => pushWorker.kept.remembered,
      limit: PUSH_SETTINGS.remembered,
      kind: "cache",
    },
    traced_messages: { size: () => traces?.messages.size ?? 0, limit: MAX_TRACED, kind: "cache" },
  };
}
