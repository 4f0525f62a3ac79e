/**
 * What happens in a conversation, as clients see it, and which topics carry it.
 *
 * Invariant: `topicsOf` states the rule for who is told; fan-out, digest, mend and catch-up each
 * apply it in their own way, and their tests hold them to it. Knows nothing of presence, of edges or of how an event is stored.
 *
 * @module
 */

import type { ConversationId, UserId } from "shared/ids.ts";
import { kindOfConversation, parseConversation } from "shared/ids.ts";
import { atOfGsid, type Gsid } from "shared/gsid.ts";
import { groupTopic, inboxTopic, SYSTEM_ALERTS, type TopicKey } from "shared/topic.ts";

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

export type EventType =
  | "message"
  | "group.created"
  | "group.joined"
  | "group.left"
  | "alert";

/** The event types that change who is in a group. */
export const MEMBERSHIP_TYPES: ReadonlySet<string> = new Set([
  "group.created",
  "group.joined",
  "group.left",
]);

/** An event as it is stored: what no other column says is in `fields`. */
export interface StoredEvent {
  gsid: Gsid;
  type: EventType;
  conversation: ConversationId;
  /** The previous event of this conversation, 0 for the first. */
  prev: Gsid;
  /** The rest of the event, a JSON object as text, e.g. `{"id":"m1","from":"ana","body":{}}`. */
  fields: string;
  /** The users whose inbox topic carries it. */
  inboxes: UserId[];
}

/** An event as clients get it (`pub.data`), as JSON text. */
export function renderEvent(event: Omit<StoredEvent, "inboxes">): string {
  const head = `{"type":"${event.type}","gsid":${event.gsid},"conversation":${
    JSON.stringify(event.conversation)
  },"at":"${atOfGsid(event.gsid)}","prev":${event.prev}`;
  return event.fields === "{}" ? `${head}}` : `${head},${event.fields.slice(1)}`;
}

/**
 * The topics that carry an event. Direct: the inboxes of both. Group: the group's topic; when
 * membership changes, also the inbox of each user concerned. Alert: `system-alerts`.
 */
export function topicsOf(event: Pick<StoredEvent, "conversation" | "inboxes">): TopicKey[] {
  const topics = event.inboxes.map(inboxTopic);
  const shared = sharedTopicOf(event.conversation);
  return shared ? [shared, ...topics] : topics;
}

/** The topic that all of a conversation's members share; a direct conversation has none. */
export function sharedTopicOf(conversation: ConversationId): TopicKey | undefined {
  if (kindOfConversation(conversation) === "direct") return;
  const parsed = parseConversation(conversation);
  if (parsed?.kind === "group") return groupTopic(parsed.group);
  if (parsed?.kind === "system") return SYSTEM_ALERTS;
}
