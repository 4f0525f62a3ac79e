/**
 * What the late check does about a batch of events: whose pushes may be missing.
 *
 * Invariant: every event is in exactly one batch, since the mark moves to the last event that was
 * looked at and never beyond. Presence has no say: only having received the event spares a push.
 * Knows nothing of the database: see `late_check_store.ts`.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { hasAll, type Stretch, type Stretches } from "shared/received.ts";
import type { ReceivedPositions } from "./received.ts";

/** An event is looked at when it is this old, by the database's clock or by the checker's own. */
export const LATE_MS = 15_000;
/** An origin that hears no edges lets those that do go first. */
export const LATE_WITHOUT_BUS_MS = 18_000;
export const MAX_BATCH_EVENTS = 2_000;
/** Pairs of an event and a member that one batch may concern, so that its transaction is short. */
export const MAX_BATCH_PAIRS = 20_000;

export interface LateEvent {
  gsid: Gsid;
  type: string;
  conversation: ConversationId;
  /** How many are in the conversation now. */
  members: number;
}

export interface LateBatch {
  /** The new mark: the last event of the batch. */
  checked: Gsid;
  events: number;
  /** Pairs of an event and a member that it concerns, at most. */
  pairs: number;
  /** Where messages are that the check itself makes jobs for. */
  conversations: ConversationId[];
  /** Messages to groups so large that the pager makes their jobs. */
  paged: Gsid[];
  /** Events remain that this batch had no room for. */
  cut: boolean;
}

/** What one batch may hold. */
export interface BatchLimits {
  events: number;
  pairs: number;
}

export const FULL_BATCH: BatchLimits = { events: MAX_BATCH_EVENTS, pairs: MAX_BATCH_PAIRS };

/** After a batch that failed: it may have been too much for the time that a statement has. */
export function smaller({ events, pairs }: BatchLimits): BatchLimits {
  return { events: Math.ceil(events / 4), pairs: Math.ceil(pairs / 4) };
}

/** After a batch that was done. */
export function larger({ events, pairs }: BatchLimits): BatchLimits {
  return {
    events: Math.min(events * 2, MAX_BATCH_EVENTS),
    pairs: Math.min(pairs * 2, MAX_BATCH_PAIRS),
  };
}

/** Plans one batch from the next events in order; `undefined` when there are none. */
export function planBatch(
  events: LateEvent[],
  largeGroup: number,
  limits = FULL_BATCH,
): LateBatch | undefined {
  const conversations = new Set<ConversationId>();
  const paged: Gsid[] = [];
  let pairs = 0, taken = 0;
  for (const { gsid, type, conversation, members } of events) {
    const large = members > largeGroup;
    const cost = type === "message" && !large ? Math.max(members, 2) : 0;
    if (taken > 0 && pairs + cost > limits.pairs) break;
    taken++;
    pairs += cost;
    if (type !== "message") continue;
    if (large) paged.push(gsid);
    else conversations.add(conversation);
  }
  const last = events[taken - 1];
  if (!last) return;
  return {
    checked: last.gsid,
    events: taken,
    pairs,
    conversations: [...conversations],
    paged,
    cut: taken < events.length || events.length >= limits.events,
  };
}

/** A user, and what was received. */
export interface Lacking {
  user: UserId;
  received: Stretches;
}

/** Of these users, those who are not known to have received everything in the interval. */
export function whoLacks(
  users: UserId[],
  interval: Stretch,
  positions: Pick<ReceivedPositions, "of">,
): Lacking[] {
  return users.map((user) => ({ user, received: positions.of(user) }))
    .filter(({ received }) => !hasAll(received, interval));
}
