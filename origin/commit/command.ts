/**
 * What the committer is asked to do, in the form in which the database takes it.
 *
 * Invariant: everything here has been validated, so that Postgres cannot refuse one; and all that
 * can be computed before the lock has been.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { JsonObject } from "shared/event.ts";
import {
  type ConnectionId,
  type ConversationId,
  directConversation,
  groupConversation,
  type GroupId,
  type MessageId,
  SYSTEM_CONVERSATION,
  type UserId,
} from "shared/ids.ts";
import { canonicalJson } from "./canonical_json.ts";

/** A message or an alert. */
export interface Message {
  /** "" for an alert. With `id` it names the message for ever. */
  sender: UserId | "";
  id: string;
  /** Hexadecimal SHA-256 of what the id stands for: recipient and body. */
  digest: string;
  kind: "direct" | "group" | "system";
  conversation: ConversationId;
  /** Direct: the two users, once when they are the same. Else nobody. */
  inboxes: UserId[];
  fields: string;
  /** Where the answer goes, if that is known. */
  connection?: ConnectionId;
}

/** An object of the app's own, and its JSON text. */
export interface Body {
  value: JsonObject;
  text: string;
}

export type Recipient = { user: UserId } | { group: GroupId };

export function message(
  sender: UserId,
  to: Recipient,
  id: MessageId,
  body: Body,
): Message {
  const common = {
    sender,
    id,
    digest: digestOf({ to, body: body.value }),
    fields: `{"id":${JSON.stringify(id)},"from":${JSON.stringify(sender)},"body":${body.text}}`,
  };
  if ("group" in to) {
    const conversation = groupConversation(to.group);
    return { ...common, kind: "group", conversation, inboxes: [] };
  }
  const conversation = directConversation(sender, to.user);
  const inboxes = sender === to.user ? [sender] : [sender, to.user];
  return { ...common, kind: "direct", conversation, inboxes };
}

/** The same `id` again is the same alert. */
export function alert(id: string, body: Body): Message {
  return {
    sender: "",
    id,
    digest: digestOf({ body: body.value }),
    kind: "system",
    conversation: SYSTEM_CONVERSATION,
    inboxes: [],
    fields: `{"body":${body.text}}`,
  };
}

function digestOf(value: JsonObject): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

export type GroupChange =
  & { group: GroupId; by: UserId }
  & (
    /** `members` without the creator, who is one anyway. */
    | { change: "create"; members: UserId[]; name?: string }
    | { change: "add" | "remove"; members: UserId[] }
    | { change: "leave" }
  );
