/**
 * The names that people and things have: users, groups, devices, messages, conversations.
 *
 * Invariant: a value of a branded type has been checked, and two ids are the same only if their
 * bytes are. Knows nothing of topics, of the wire or of who may use an id.
 *
 * @module
 */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<"user">;
export type GroupId = Branded<"group">;
export type DeviceId = Branded<"device">;
/** The sender's own name for a message: with the user it makes a send idempotent. */
export type MessageId = Branded<"message">;
export type ConnectionId = Branded<"connection">;
/** `dm:<a>:<b>`, `group:<id>` or `system`. */
export type ConversationId = Branded<"conversation">;

/** The longest id, in bytes of UTF-8. */
export const MAX_ID_BYTES = 128;

const utf8 = new TextEncoder();
// deno-lint-ignore no-control-regex -- control characters are exactly what an id must not hold
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const SURROGATE = /[\ud800-\udfff]/;
/** What one UTF-16 unit takes at most: counting bytes is dear, and most ids are short. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Says what is wrong with an id, or `undefined` when it is one: 1 to 128 bytes of well-formed
 * UTF-8 without control characters.
 */
export function faultInId(value: unknown): string | undefined {
  if (typeof value !== "string") return "must be a string";
  if (value === "") return "must not be empty";
  if (!value.isWellFormed()) return "must be well-formed Unicode";
  if (CONTROL.test(value)) return "must not hold control characters";
  if (value.length * MAX_BYTES_PER_UNIT <= MAX_ID_BYTES) return;
  const bytes = value.length > MAX_ID_BYTES ? Infinity : utf8.encode(value).length;
  if (bytes > MAX_ID_BYTES) return `must be at most ${MAX_ID_BYTES} bytes of UTF-8`;
}

/** @throws {RangeError} When the value is no id; the message names `field`. */
export function parseId<Id extends UserId | GroupId | DeviceId | MessageId>(
  value: unknown,
  field: string,
): Id {
  const fault = faultInId(value);
  if (fault) throw new RangeError(`${field} ${fault}`);
  return value as Id;
}

/** The conversation of two users, the same from both sides; `dm:a:a` is a note to oneself. */
export function directConversation(one: UserId, other: UserId): ConversationId {
  const [a, b] = compareBytes(one, other) <= 0 ? [one, other] : [other, one];
  return `dm:${encodeURIComponent(a)}:${encodeURIComponent(b)}` as ConversationId;
}

export function isDirect(conversation: string): boolean {
  return conversation.startsWith("dm:");
}

export function groupConversation(group: GroupId): ConversationId {
  return `group:${encodeURIComponent(group)}` as ConversationId;
}

/** The conversation that alerts belong to, and that everybody is in. */
export const SYSTEM_CONVERSATION = "system" as ConversationId;

export type Conversation =
  | { kind: "direct"; users: [UserId, UserId] }
  | { kind: "group"; group: GroupId }
  | { kind: "system" };

/** The kind of a conversation whose id has been checked: its first letters tell. */
export function kindOfConversation(id: ConversationId): Conversation["kind"] {
  if (id === SYSTEM_CONVERSATION) return "system";
  return id.startsWith("group:") ? "group" : "direct";
}

/** Reads a conversation id; `undefined` when it is none, or not written the one right way. */
export function parseConversation(id: string): Conversation | undefined {
  if (id === SYSTEM_CONVERSATION) return { kind: "system" };
  const parts = id.split(":");
  try {
    const [kind, first, second] = parts.map((part) => decodeURIComponent(part));
    if (kind === "group" && parts.length === 2) {
      const group = parseId<GroupId>(first, "group");
      if (groupConversation(group) === id) return { kind: "group", group };
    }
    if (kind === "dm" && parts.length === 3) {
      const a = parseId<UserId>(first, "user");
      const b = parseId<UserId>(second, "user");
      if (directConversation(a, b) === id) return { kind: "direct", users: [a, b] };
    }
  } catch {
    // A malformed escape or a bad id: not a conversation, which is what the caller is told.
  }
}

/** Byte order of UTF-8, which is code point order and not that of `<` on strings. */
export function compareBytes(one: string, other: string): number {
  // Without surrogates the two orders are the same.
  if (!SURROGATE.test(one) && !SURROGATE.test(other)) return one < other ? -1 : +(one > other);
  const a = utf8.encode(one), b = utf8.encode(other);
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
