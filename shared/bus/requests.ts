/**
 * What an edge asks of an origin, what they tell each other, and the subjects these travel on.
 *
 * Invariant: every message carries `v`; a reader ignores fields that it does not know, so that
 * neighbouring releases understand each other. The user named in a request is the token's, as the
 * edge verified it, never the client's word.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { ConnectionId, DeviceId, GroupId, UserId } from "shared/ids.ts";
import type { Report } from "shared/report.ts";
import type { TopicKey } from "shared/topic.ts";
import type { Traceparent } from "shared/tracing/traceparent.ts";
import type { Position } from "shared/wire/codec.ts";
import type { WireError } from "shared/wire/codes.ts";

export const BUS_VERSION = 1;

/** Requests, answered by one origin of the queue group. */
export const REQUEST = {
  /** `SendBatch` → `SendAnswers`, JSON. */
  send: "rpc.send",
  /** `Call` → `Answer`, JSON: every other method of a client. */
  call: "rpc.call",
  /** `Enter` → `Entered`, JSON: what to subscribe to, before the first read. */
  enter: "rpc.enter",
  /** `CatchUp` → `Page<CaughtUp>`. */
  catchUp: "rpc.catch-up",
  /** `Mend` → `Page<Mended>`: the events of topics whose tally differs. */
  mend: "rpc.mend",
  /** `Changes` → `Page<ChangesHeader>`: the membership events of one group. */
  changes: "rpc.changes",
  /** `AskDigest` → `Digest`, JSON; with `after` left out: the head, as an empty digest. */
  digest: "rpc.digest",
} as const;
export const ORIGIN_QUEUE = "origin";

/** Announcements, heard by everybody who subscribes. */
export const ANNOUNCE = {
  /** `Digest`, by an origin, every 2 s. */
  digest: "origin.digest",
  /** `AskReceived`, by an origin that starts to check; edges answer with `Received`. */
  askReceived: "origin.ask-received",
  /** `edge.beat.<replica>`: `Beat`, by every edge, every 2 s. */
  beat: "edge.beat",
  /**
   * `origin.beat.<origin>`: `Beat`, by every origin, every 2 s. Its own shows an origin that it can
   * hear; of the others it only tells operators.
   */
  originBeat: "origin.beat",
  /** `PresenceLost`, by an origin that finds a replica's presence gone: that replica looks itself. */
  presenceLost: "origin.presence-lost",
  /** `Drain`, by an origin that an operator asked: the replica that is named begins to drain. */
  drain: "origin.drain",
  /** `Received`, by every edge, once a second at most. */
  received: "edge.received",
  /** `Ended`, by an edge, after it removed the presence of connections that ended. */
  ended: "edge.ended",
} as const;

interface Versioned {
  v: typeof BUS_VERSION;
}

/** Who speaks: the user of a verified token, and the connection's device. */
export interface Caller {
  user: UserId;
  device: DeviceId;
}

export interface Send {
  user: UserId;
  /** Where the answer goes; left out when that is no connection of the user's. */
  connection?: ConnectionId;
  /** The edge's span of it, if it is traced; each send of a batch is traced for itself. */
  trace?: Traceparent;
  /** The client's own, not yet validated. */
  data: JsonValue;
}

export interface SendBatch extends Versioned {
  sends: Send[];
}

export interface Sent {
  gsid: Gsid;
  at: string;
  conversation: string;
  prev: Gsid;
  duplicate?: true;
}

export type Answer<Result = JsonValue> = { result: Result } | { error: WireError };

/** In the order of the batch. */
export interface SendAnswers extends Versioned {
  answers: Answer<Sent>[];
}

export interface Call extends Versioned, Caller {
  method: string;
  data: JsonValue;
}

export interface Enter extends Versioned {
  user: UserId;
  /** Left out by releases up to 0.1.0, as is `issued`. */
  device?: DeviceId;
  /** When the token was issued, in ms since 1970; 0 of one that does not say it. */
  issued?: number;
}

/** A connection takes its device over: an older one of the same device must go. */
export interface Claim {
  device: DeviceId;
  connection: ConnectionId;
  /** When it entered, by the database's clock. */
  at: number;
}

/**
 * The most groups that one user may be meant to be in. Their states are one message, in an answer to
 * `Enter` and before the first page: there is room for half as many again, since membership is
 * counted before the log's lock is taken.
 */
export const MOST_USER_GROUPS = 2_000;

export interface GroupState {
  group: GroupId;
  /** The group's last membership change. */
  membership: Gsid;
  /**
   * The group's last event. Left out when the group is so large that it is never taken for idle,
   * and by releases that take none for it.
   */
  last?: Gsid;
}

export interface Entered extends Versioned {
  /** Database time in ms since 1970. */
  at: number;
  groups: GroupState[];
  /** Of this user and device no token is good that was issued before this (ms since 1970). */
  revoked?: number;
}

/** Tokens of a user that were issued before this (ms since 1970) are good no more. */
export type Revocation = [user: UserId, before: number, device?: DeviceId];

/**
 * The first request of a catch-up names no `upto`: its answer takes the snapshot, on the primary.
 * Later ones ask for the pages up to that snapshot.
 */
export interface CatchUp extends Versioned {
  user: UserId;
  /** Read everything after this; left out: nothing is read, only the snapshot is taken. */
  after?: Position;
  upto?: Gsid;
  /** Only this group's events: for a topic gained while connected. */
  group?: GroupId;
  /** Made only by a connection that had its answer to `Enter`: one given up claims nothing. */
  claim?: Claim;
}

export interface CaughtUp extends Versioned {
  epoch: string;
  /** The head of the snapshot: everything up to it is in these pages, or was before `after`. */
  head: Gsid;
  /** False: the position is of another epoch, above the head, or too far behind. */
  recovered: boolean;
  /**
   * The user's groups at the snapshot; of a read of one group that group alone, when the user is in
   * it. Releases up to 0.1.0 list them all in either case. Only with the first page.
   */
  groups?: GroupState[];
  more: boolean;
}

/** Asks for every event of each topic in `(after, upto]`. */
export interface Mend extends Versioned {
  topics: TopicKey[];
  after: Gsid;
  upto: Gsid;
}

export interface Mended extends Versioned {
  /** For each event of the page, the index of its topic in the request. */
  topics: number[];
  /** When set, ask again for `(after, upto]` of what is left; events come in GSID order. */
  after?: Gsid;
}

export interface Changes extends Versioned {
  group: GroupId;
  after: Gsid;
}

export interface ChangesHeader extends Versioned {
  group: GroupId;
  more: boolean;
}

export interface AskDigest extends Versioned {
  after?: Gsid;
}

/**
 * What was committed in `(after, upto]`: for each topic how many events and the xor of their
 * gsids. It can never change, since GSID order is visibility order.
 */
export interface Digest extends Versioned {
  epoch: string;
  after: Gsid;
  upto: Gsid;
  topics: [topic: TopicKey, count: number, xor: Gsid][];
  /**
   * What was revoked in the interval. Of what was revoked again since, the later place counts, and
   * that is told as it is then. Releases up to 0.1.0 leave it out, and do not read it.
   */
  revoked?: Revocation[];
  /** Events above `upto` were committed already: the next digest may be asked for at once. */
  more?: true;
}

export interface Beat extends Versioned {
  replica: string;
  /** For operators. Left out before the first is made, and by releases that make none. */
  report?: Report;
  /** An edge's last word: nobody is there any more, and its presence is taken away. */
  ended?: true;
}

export interface Drain extends Versioned {
  replica: string;
}

export interface PresenceLost extends Versioned {
  replica: string;
}

/**
 * What each user is known to have received, on some device: everything in `(after, upto]`. A user may
 * have several entries. Releases before 0.2 leave `after` out, which stands for 0, and do not read it.
 */
export interface Received extends Versioned {
  replica: string;
  users: [user: UserId, upto: Gsid, after?: Gsid][];
}

export interface AskReceived extends Versioned {
  origin: string;
}

export interface Ended extends Versioned {
  replica: string;
  users: UserId[];
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

type Unversioned<Message> = Message extends Versioned ? Omit<Message, "v"> : never;

export function encodeMessage<Message extends Versioned>(
  message: Unversioned<Message>,
): Uint8Array {
  return utf8.encode(JSON.stringify({ v: BUS_VERSION, ...message }));
}

/** A `SendBatch` of sends that are JSON text already. */
export function encodeSendBatch(sends: readonly string[]): Uint8Array {
  return utf8.encode(`{"v":${BUS_VERSION},"sends":[${sends.join(",")}]}`);
}

/** @throws {RangeError} When the bytes are no message of this version. */
export function decodeMessage<Message extends Versioned>(bytes: Uint8Array): Message {
  const message = parse(bytes);
  if ((message as { v?: unknown } | null)?.v !== BUS_VERSION) {
    throw new RangeError(`Cannot read a bus message: it is not of version ${BUS_VERSION}`);
  }
  return message as Message;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(bytes));
  } catch (cause) {
    throw new RangeError("Cannot read a bus message: it is not JSON", { cause });
  }
}
