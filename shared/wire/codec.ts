/**
 * What a client and an edge say to each other: commands in, replies and pushes out.
 *
 * Invariant: nothing here depends on a format; `json.ts` is one, and each format is a `Codec`.
 * The protocol is Centrifuge's client protocol, version 2. Knows nothing of sessions.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { WireError } from "shared/wire/codes.ts";

/** A place in the one order of events: valid only together with the database's epoch. */
export interface Position {
  gsid: Gsid;
  epoch: string;
}

export interface ConnectCommand {
  verb: "connect";
  id: number;
  token: string;
  /** Anything the app put there; the session reads `device`, `since` and `foreground`. */
  data: JsonValue;
  /** `subs.inbox`, when it asks to recover. An offset left out means 0: everything. */
  recover?: Position;
}

export type Command =
  | ConnectCommand
  | { verb: "rpc"; id: number; method: string; data: JsonValue }
  | { verb: "refresh"; id: number; token: string }
  | { verb: "ping"; id: number }
  /** A verb of the protocol that Fanfare does not serve, such as `subscribe`. */
  | { verb: "unavailable"; id: number; name: string }
  /** These two carry no id and are not answered. */
  | { verb: "send"; data: JsonValue }
  | { verb: "pong" };

/** The state of the one channel, `inbox`, in a connect reply. */
export interface InboxState {
  epoch: string;
  offset: Gsid;
  /** Set when the client asked for a position: whether everything after it will follow. */
  recovered?: boolean;
}

export interface ConnectResult {
  client: string;
  version: string;
  /** Seconds until the token runs out. */
  ttl: number;
  /** Seconds between the server's pings. */
  ping: number;
  data: JsonObject;
  inbox: InboxState;
}

export type Reply =
  | { connect: ConnectResult }
  | { rpc: JsonValue }
  | { refresh: { client: string; version: string; ttl: number } }
  | { ping: true }
  | { error: WireError };

/** One message of a format, ready to be joined with others into one WebSocket frame. */
export type Frame = string | Uint8Array;

/** A WebSocket frame that does not parse, or passes a bound. Its message says what is wrong. */
export class BadFrame extends Error {
  override name = "BadFrame";
}

/** The bounds of what a client may send in one WebSocket frame. */
export const FRAME_LIMITS = { maxBytes: 65_536, maxCommands: 100, maxDepth: 32 } as const;

export interface Codec {
  readonly format: "json" | "protobuf";
  /** The commands of one WebSocket frame, in order. @throws {BadFrame} */
  decode(frame: string | Uint8Array): Command[];
  reply(id: number, reply: Reply): Frame;
  /** A publication on `inbox`. `event` is JSON text; without `offset` the cursor stays. */
  push(event: string, offset?: Gsid): Frame;
  readonly ping: Frame;
  /** Several frames as the payload of one WebSocket message. */
  join(frames: readonly Frame[]): string | Uint8Array;
}
