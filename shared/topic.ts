/**
 * Topic keys, the NATS subjects that carry them, and the stream that captures those: the one
 * place where any of them is spelled.
 *
 * Invariant: key and subject are injective and reversible for every id. The NATS client lets a
 * subject with blanks or wildcards through, so this codec is the only guard against it.
 *
 * @module
 */

import { faultInId, type GroupId, type UserId } from "shared/ids.ts";

/** The three kinds of topic. */
export type Topic =
  | { kind: "user-inbox"; user: UserId }
  | { kind: "group-chat"; group: GroupId }
  | { kind: "system-alerts" };

/** `user-inbox-<UserID>`, `group-chat-<GroupID>` or `system-alerts`: a topic as one string. */
export type TopicKey = `user-inbox-${string}` | `group-chat-${string}` | "system-alerts";

export const SYSTEM_ALERTS = "system-alerts";
const INBOX = "user-inbox-";
const GROUP = "group-chat-";
const SUBJECT_ROOT = "chat";

export function inboxTopic(user: UserId): TopicKey {
  return `${INBOX}${user}`;
}

export function groupTopic(group: GroupId): TopicKey {
  return `${GROUP}${group}`;
}

/** Reads a topic key; `undefined` when it is none. */
export function parseTopic(key: string): Topic | undefined {
  if (key === SYSTEM_ALERTS) return { kind: SYSTEM_ALERTS };
  if (key.startsWith(INBOX)) {
    const user = key.slice(INBOX.length);
    if (!faultInId(user)) return { kind: "user-inbox", user: user as UserId };
  }
  if (key.startsWith(GROUP)) {
    const group = key.slice(GROUP.length);
    if (!faultInId(group)) return { kind: "group-chat", group: group as GroupId };
  }
}

/** The subjects of all topics but the alerts, with `*` for the user or group. */
export const TOPIC_SUBJECTS = ["user-inbox", "group-chat"].map((kind) =>
  `${SUBJECT_ROOT}.${kind}.*`
);

/** The subject of a topic. @throws {RangeError} When `key` is no topic key. */
export function subjectOf(key: TopicKey): string {
  const topic = parseTopic(key);
  if (!topic) throw new RangeError(`Cannot name a subject: "${key}" is no topic`);
  if (topic.kind === SYSTEM_ALERTS) return `${SUBJECT_ROOT}.${SYSTEM_ALERTS}`;
  const id = topic.kind === "user-inbox" ? topic.user : topic.group;
  return `${SUBJECT_ROOT}.${topic.kind}.${encodeToken(id)}`;
}

/** The topic of a subject; `undefined` when it is none of ours. */
export function topicOfSubject(subject: string): TopicKey | undefined {
  if (subject === `${SUBJECT_ROOT}.${SYSTEM_ALERTS}`) return SYSTEM_ALERTS;
  const [root, kind, token, ...rest] = subject.split(".");
  if (root !== SUBJECT_ROOT || token === undefined || rest.length > 0) return;
  if (kind !== "user-inbox" && kind !== "group-chat") return;
  const id = decodeToken(token);
  if (id === undefined) return;
  return kind === "user-inbox" ? inboxTopic(id as UserId) : groupTopic(id as GroupId);
}

const SUBJECT_WITH_ID = new RegExp(`\\b${SUBJECT_ROOT}\\.(user-inbox|group-chat)\\.[\\w~-]+`, "g");

/** A text in which subjects no longer say whose they are. */
export function hideSubjects(text: string): string {
  return text.replace(SUBJECT_WITH_ID, `${SUBJECT_ROOT}.$1.…`);
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const PLAIN = /^[A-Za-z0-9_-]+$/;

/**
 * An id as one subject token: bytes outside `A-Za-z0-9_-` become `~` and two hexadecimal digits.
 * At most 384 characters for the longest id.
 */
export function encodeToken(id: string): string {
  if (PLAIN.test(id)) return id;
  let token = "";
  for (const byte of utf8.encode(id)) {
    const char = String.fromCharCode(byte);
    token += PLAIN.test(char) ? char : `~${byte.toString(16).padStart(2, "0")}`;
  }
  return token;
}

/** The id of a token; `undefined` when `encodeToken` could not have written it. */
export function decodeToken(token: string): string | undefined {
  if (PLAIN.test(token)) return faultInId(token) ? undefined : token;
  const bytes: number[] = [];
  for (let i = 0; i < token.length; i++) {
    if (token[i] !== "~") bytes.push(token.charCodeAt(i));
    else {
      const hex = token.slice(i + 1, i + 3);
      if (!/^[0-9a-f]{2}$/.test(hex)) return;
      bytes.push(parseInt(hex, 16));
      i += 2;
    }
  }
  try {
    const id = strictUtf8.decode(new Uint8Array(bytes));
    return !faultInId(id) && encodeToken(id) === token ? id : undefined;
  } catch {
    return;
  }
}

/**
 * The stream that keeps the last minutes of every topic, for edges to mend holes from.
 * Nothing that must hold depends on it: the database is the truth.
 */
export const CHAT_STREAM = {
  name: "CHAT",
  subjects: [`${SUBJECT_ROOT}.>`],
  maxAgeMs: 5 * 60_000,
  duplicateWindowMs: 2 * 60_000,
} as const;
