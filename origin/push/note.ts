/**
 * What a push says, whichever provider carries it.
 *
 * Invariant: a note of one event and user is always the same, names its conversation so that the next
 * one replaces it, and is small enough for every provider (4 KB). It holds no secret: the text is
 * the message's own `body.text`, cut short.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Gsid, timeOfGsid } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { type StoredEvent } from "shared/event.ts";

export interface Note {
  user: UserId;
  conversation: ConversationId;
  gsid: Gsid;
  title: string;
  text: string;
  /** At most 64 bytes, the same for every note of the conversation. */
  collapse: string;
  /** When the provider may throw it away, in ms since 1970. */
  expiresAtMs: number;
}

/** The longest preview, in UTF-16 units: with the ids at their longest a note stays below 4 KB. */
export const MAX_PREVIEW_LENGTH = 240;
const NO_TEXT = "New message";

/** What `user` is told of a `message` event. */
export function noteOf(
  event: Pick<StoredEvent, "gsid" | "conversation" | "fields">,
  user: UserId,
  ttlMs: number,
): Note {
  const { from, text } = readMessage(event.fields);
  return {
    user,
    conversation: event.conversation,
    gsid: event.gsid,
    title: from,
    text: preview(text),
    collapse: createHash("sha256").update(event.conversation).digest("base64url"),
    expiresAtMs: timeOfGsid(event.gsid) + ttlMs,
  };
}

/** The note's own fields, for the app that receives it: providers carry strings. */
export function dataOf(note: Note): { user: string; conversation: string; gsid: string } {
  return { user: note.user, conversation: note.conversation, gsid: String(note.gsid) };
}

function readMessage(fields: string): { from: string; text: string } {
  const { from, body } = JSON.parse(fields) as { from?: unknown; body?: { text?: unknown } };
  const text = body?.text;
  return { from: typeof from === "string" ? from : "", text: typeof text === "string" ? text : "" };
}

function preview(text: string): string {
  // deno-lint-ignore no-control-regex -- a control character costs six bytes and shows nothing
  const line = text.toWellFormed().replace(/[\u0000-\u0020\u007f]+/g, " ").trim();
  if (line === "") return NO_TEXT;
  if (line.length <= MAX_PREVIEW_LENGTH) return line;
  // A cut inside a surrogate pair would leave half a character behind.
  return `${line.slice(0, MAX_PREVIEW_LENGTH - 1).toWellFormed().replace(/\ufffd$/, "")}…`;
}
