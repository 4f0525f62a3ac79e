/**
 * Who is told what, once an event is committed: the decision of both fast paths.
 *
 * Invariant: unknown is not offline. What is not known (a presence, the members of a group) is
 * published and pushed; only what is known to be needless is left out. Pure, and allowed to be
 * wrong on one side only: the auditors mend what is not told.
 *
 * @module
 */

import type { CommittedEvent } from "../commit/committed.ts";
import type { Live } from "shared/bus/live.ts";
import { MEMBERSHIP_TYPES, renderEvent, sharedTopicOf } from "shared/event.ts";
import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import type { UserId } from "shared/ids.ts";
import { inboxTopic, SYSTEM_ALERTS, type TopicKey } from "shared/topic.ts";
import { type Presence, UNKNOWN } from "../presence/interpret.ts";
import type { JobKey } from "../push/job.ts";

/**
 * The members of an event's group just before it. `large`: too many to ask about each of them;
 * `unknown`: the database did not say in time.
 */
export type Audience = readonly UserId[] | "large" | "unknown";

export interface Publication {
  topic: TopicKey;
  live: Live;
}

export interface Decision {
  /** In GSID order. */
  publications: Publication[];
  pushes: JobKey[];
  /** Messages to groups whose push jobs are to be made in pages, in the background. */
  pages: Gsid[];
}

export interface AddressedEvent {
  event: CommittedEvent;
  /** Nobody for what is no group's event. */
  audience: Audience;
}

/**
 * For so long after a silence each event of the group goes to its members' inboxes too: longer than
 * a wake copy takes to an edge and the edge's subscription to the bus, and than two origins may be
 * apart; not so long that the copies weigh. By then the next digest names the group anyway.
 */
const WAKING_MS = 2_000;

export function decide(
  events: readonly AddressedEvent[],
  presence: ReadonlyMap<UserId, Presence>,
): Decision {
  const decision: Decision = { publications: [], pushes: [], pages: [] };
  for (const { event, audience } of events) {
    const woken = isWaking(event) ? membersOf(event, audience) : [];
    decision.publications.push(...decidePublications(event, audience, woken, presence));
    if (event.type !== "message") continue;
    if (typeof audience === "string") decision.pages.push(event.gsid);
    else decision.pushes.push(...decidePushes(event, audience, presence));
  }
  return decision;
}

/** Everybody whose presence the decision depends on. */
export function usersToAsk(events: readonly AddressedEvent[]): UserId[] {
  const users = new Set<UserId>();
  for (const { event, audience } of events) {
    for (const user of event.inboxes) users.add(user);
    if (typeof audience !== "string") { for (const user of audience) users.add(user); }
  }
  return [...users];
}

function decidePublications(
  event: CommittedEvent,
  audience: Audience,
  woken: readonly UserId[],
  presence: ReadonlyMap<UserId, Presence>,
): Publication[] {
  const mayBeOnline = (user: UserId) => presenceOf(user, presence).state !== "offline";
  const kind = MEMBERSHIP_TYPES.has(event.type) ? "membership" : "event";
  const topics: [TopicKey, Omit<Live, "gsid" | "data">][] = [];
  const shared = sharedTopicOf(event.conversation);
  const isHeard = shared === SYSTEM_ALERTS || typeof audience === "string" ||
    audience.some(mayBeOnline) || event.inboxes.some(mayBeOnline);
  const { membership } = event;
  if (shared && isHeard) {
    topics.push([shared, { kind, membership, ...(audience === "large" && { large: true }) }]);
  }
  for (const user of event.inboxes) {
    const needed = mayBeOnline(user) && !isToldByAnswer(event, user, presenceOf(user, presence));
    if (needed) topics.push([inboxTopic(user), { kind, membership: 0 }]);
  }
  for (const user of woken) {
    if (mayBeOnline(user)) topics.push([inboxTopic(user), { kind: "wake", membership }]);
  }
  if (topics.length === 0) return [];
  const data = renderEvent(event);
  return topics.map(([topic, live]) => ({ topic, live: { ...live, gsid: event.gsid, data } }));
}

/** Whether edges that let its group go may not hear the group's topic yet. */
function isWaking({ gsid, woke }: CommittedEvent): boolean {
  return woke > 0 && gsid - woke <= WAKING_MS * GSID_PER_MS;
}

/** Those who hear of a group's event by the group's topic alone. */
function membersOf({ inboxes }: CommittedEvent, audience: Audience): UserId[] {
  if (typeof audience === "string") return [];
  return audience.filter((user) => !inboxes.includes(user));
}

/**
 * The answer to its send tells a connection as much as the event does, and its edge counts it as
 * handed out: the sender's inbox needs the event for other devices only.
 */
function isToldByAnswer(
  { sender, connection }: CommittedEvent,
  user: UserId,
  { devices, partial }: Presence,
): boolean {
  if (user !== sender || connection === undefined || partial) return false;
  return devices.length === 1 && devices[0]!.connection === connection;
}

function decidePushes(
  event: CommittedEvent,
  audience: readonly UserId[],
  presence: ReadonlyMap<UserId, Presence>,
): JobKey[] {
  const recipients = [...event.inboxes, ...audience];
  return recipients
    .filter((user) => user !== event.sender && !isLookingAt(presenceOf(user, presence)))
    .map((user) => ({ gsid: event.gsid, user }));
}

/** A device in the background does not show what it gets. */
export function isLookingAt(presence: Presence): boolean {
  return presence.devices.some((device) => device.foreground);
}

function presenceOf(user: UserId, presence: ReadonlyMap<UserId, Presence>): Presence {
  return presence.get(user) ?? UNKNOWN;
}
