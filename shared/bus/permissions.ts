/**
 * What each role may say and hear on the bus: the one table from which the permissions at a NATS
 * server are written, and by which `deno task check` tries them.
 *
 * Invariant: nobody but an origin speaks on a topic or in an origin's name, or takes work from
 * origins, and nobody hears an inbox but whoever it belongs to. Pure; knows no server and no key.
 *
 * Answers are allowed by the subjects of inboxes, never by `allow_responses`: for that a server
 * keeps each reply subject that it handed out, and searches them all for each message once they are
 * some thousands, as they are while an edge replays the stream.
 *
 * @module
 */

import { ANNOUNCE, ORIGIN_QUEUE, REQUEST } from "shared/bus/requests.ts";
import { CHAT_STREAM, subjectOf, SYSTEM_ALERTS, TOPIC_SUBJECTS } from "shared/topic.ts";

/** An operator looks on, and mends the stream; a program is an edge or an origin. */
export const ROLES = ["edge", "origin", "operator"] as const;
export type Role = (typeof ROLES)[number];

export interface Allowed {
  /** As a server's configuration spells it. */
  subject: string;
  /** Only as one of that queue. */
  queue?: string;
  /** What of it there is today; `*` stands for a name. */
  uses: readonly Use[];
}

export interface Use {
  subject: string;
  queue?: string;
}

export interface Permissions {
  publish: readonly Allowed[];
  subscribe: readonly Allowed[];
}

const INBOX_ROOT = "_INBOX";
/** A stream that `deno task check` makes and removes, to know whether there is room. */
export const TRIAL_STREAM = "FANFARE_CHECK";

/** Where answers to `name` arrive. Of an edge its own, so that no other hears them. */
export function inboxOf(name: string): string {
  return `${INBOX_ROOT}.${name}`;
}

/** An answer goes to an inbox, whatever subject the question names. */
export function isInbox(subject: string): boolean {
  return subject.startsWith(`${INBOX_ROOT}.`);
}

export const INBOX_PREFIX = /^_INBOX(\.[A-Za-z0-9_-]+)+$/;

export function permissionsOf(role: Role, inboxPrefix = inboxOf(role)): Permissions {
  const { publish, subscribe } = TABLE[role];
  // One below it for each connection, and one for each of its requests below that.
  const inbox = allow(`${inboxPrefix}.>`, [`${inboxPrefix}.*`, `${inboxPrefix}.*.*`]);
  return { publish, subscribe: [...subscribe, inbox] };
}

/** What a role may hear it may not hear as one of this queue: it would take it from the others. */
export function deniedQueueOf(role: Role): string | undefined {
  return role === "origin" ? undefined : ORIGIN_QUEUE;
}

/** Whether these permissions allow a use; a `*` in it is a name like any other. */
export function allows(allowed: readonly Allowed[], use: Use): boolean {
  return allowed.some(({ subject, queue }) =>
    (queue === undefined || queue === use.queue) && covers(subject, use.subject)
  );
}

function covers(pattern: string, subject: string): boolean {
  const tokens = subject.split(".");
  const wanted = pattern.split(".");
  for (const [i, token] of wanted.entries()) {
    if (token === ">") return tokens.length > i;
    if (token !== "*" && token !== tokens[i]) return false;
  }
  return tokens.length === wanted.length;
}

const api = (call: string) => `$JS.API.${call}`;
const { name: STREAM, subjects: [TOPICS] } = CHAT_STREAM;
const topics = [...TOPIC_SUBJECTS, subjectOf(SYSTEM_ALERTS)];

/** Where each role has its inbox is told by `permissionsOf`. */
const TABLE: Readonly<Record<Role, Permissions>> = {
  edge: {
    publish: [
      allow("rpc.>", Object.values(REQUEST)),
      allow("edge.>", [`${ANNOUNCE.beat}.*`, ANNOUNCE.received, ANNOUNCE.ended]),
      // It answers the questions of origins.
      allow(`${inboxOf("origin")}.>`, [`${inboxOf("origin")}.*`]),
      // It reads the stream again after a cut.
      allow(api(`STREAM.INFO.${STREAM}`)),
      ...["CREATE", "INFO", "MSG.NEXT", "DELETE"].map((verb) =>
        allow(api(`CONSUMER.${verb}.${STREAM}.*`))
      ),
    ],
    subscribe: [
      allow(TOPICS, topics),
      ...[ANNOUNCE.digest, ANNOUNCE.askReceived, ANNOUNCE.presenceLost, ANNOUNCE.drain].map(
        (subject) => allow(subject),
      ),
    ],
  },
  origin: {
    publish: [
      allow(TOPICS, topics),
      allow("origin.>", [
        ...[ANNOUNCE.digest, ANNOUNCE.askReceived, ANNOUNCE.presenceLost, ANNOUNCE.drain],
        `${ANNOUNCE.originBeat}.*`,
      ]),
      // It answers whoever asks.
      allow(`${INBOX_ROOT}.>`, [`${INBOX_ROOT}.*`]),
      allow(api("INFO")),
      ...["INFO", "CREATE", "UPDATE"].map((verb) => allow(api(`STREAM.${verb}.${STREAM}`))),
      // A check, before there is a stream: who has its topics, and is there room.
      allow(api("STREAM.NAMES")),
      ...["CREATE", "DELETE"].map((verb) => allow(api(`STREAM.${verb}.${TRIAL_STREAM}`))),
    ],
    subscribe: [
      {
        subject: "rpc.>",
        queue: ORIGIN_QUEUE,
        uses: Object.values(REQUEST).map((subject) => ({ subject, queue: ORIGIN_QUEUE })),
      },
      {
        subject: "edge.>",
        uses: [
          { subject: `${ANNOUNCE.beat}.*` },
          { subject: ANNOUNCE.received },
          { subject: ANNOUNCE.ended, queue: ORIGIN_QUEUE },
        ],
      },
      allow("origin.>", [ANNOUNCE.digest, `${ANNOUNCE.originBeat}.*`, ANNOUNCE.drain]),
    ],
  },
  operator: {
    publish: [
      allow(api(">"), [
        ...["DELETE", "PURGE", "UPDATE", "MSG.GET", "MSG.DELETE"].map((verb) =>
          api(`STREAM.${verb}.${STREAM}`)
        ),
        ...["CREATE", "INFO", "DELETE"].map((verb) => api(`STREAM.${verb}.*`)),
        api("CONSUMER.CREATE.*.*"),
        ...["LIST", "NAMES"].map((verb) => api(`CONSUMER.${verb}.${STREAM}`)),
      ]),
    ],
    subscribe: [
      allow(TOPICS, topics),
      allow("rpc.>", Object.values(REQUEST)),
      allow("edge.>", [`${ANNOUNCE.beat}.*`, ANNOUNCE.received, ANNOUNCE.ended]),
      allow("origin.>", [ANNOUNCE.digest, ANNOUNCE.askReceived, ANNOUNCE.presenceLost]),
    ],
  },
};

function allow(subject: string, uses: readonly string[] = [subject]): Allowed {
  return { subject, uses: uses.map((use) => ({ subject: use })) };
}
