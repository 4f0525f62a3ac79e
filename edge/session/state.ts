/**
 * The life of one connection as data: its states, what can happen to it, what it asks for.
 *
 * Invariant: nothing here has an effect; `step` decides and the connection performs. `nowMs` is of a
 * clock that never steps; `wallMs` is since 1970, and only what a token says is held against it.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import type { Close, WireError } from "shared/wire/codes.ts";
import type { Command, Position, Reply } from "shared/wire/codec.ts";

/** What a connect command asks for, once its `data` has been read. */
export interface ConnectRequest {
  id: number;
  token: string;
  device?: DeviceId;
  /** Where to resume; left out: live only, from the head. */
  since?: Position;
  foreground: boolean;
}

/** A connect that has not been answered. */
export interface Connecting {
  /** Its token is being checked; then its turn is awaited, topics are entered, a snapshot taken. */
  name: "verifying" | "attaching";
  request: ConnectRequest;
  sinceMs: number;
  /** What came behind it, to be dealt with after its answer. */
  waiting: Arrival[];
}

/** A command, and how much of what the client has sent it was. */
export interface Arrival {
  command: Command;
  bytes: number;
}

export type Phase =
  /** The socket is open, nobody has said who it is. */
  | { name: "opening" }
  | Connecting
  | { name: "connected" }
  | { name: "closed" };

export interface SessionState {
  readonly phase: Phase;
  readonly openedMs: number;
  readonly user?: UserId;
  /** When the token runs out, in ms since 1970. */
  readonly expiresMs?: number;
  /** When the token was issued, in ms since 1970; 0 of one that does not say it. */
  readonly issuedMs?: number;
  /** The user's tokens that were issued before this are good no more. */
  readonly revokedMs?: number;
  readonly nextPingMs: number;
  /** Set while a ping has not been answered: when the oldest of them was sent. */
  readonly pingedMs?: number;
  /** Commands that wait for an origin's answer, and their bytes. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** The connection ends as soon as nothing is pending, and begins nothing new. */
  readonly leaving?: Close;
}

export type Verdict =
  | { ok: true; user: UserId; expiresMs: number; issuedMs: number }
  | { ok: false; why: "expired" | "invalid" | "unavailable" };

/** What became of the snapshot that a connect waits for. */
export type Attached =
  | { ok: true; epoch: string; head: Gsid; recovered: boolean }
  | { ok: false; error: WireError };

export type Input =
  | { type: "command"; nowMs: number } & Arrival
  /** The connection has said too much. */
  | { type: "refused"; command: Command }
  | { type: "verified"; purpose: Purpose; verdict: Verdict; wallMs: number }
  | { type: "attached"; attached: Attached; nowMs: number; wallMs: number }
  | { type: "answered"; id: number; bytes: number; reply: Reply }
  /** Tokens that were issued before this are good no more. */
  | { type: "revoked"; beforeMs: number }
  /** `unconfirmed`: something was sent that the device has not confirmed. */
  | { type: "tick"; nowMs: number; wallMs: number; unconfirmed: boolean }
  /** Ends with the answers that are owed. */
  | { type: "leave"; close: Close }
  | { type: "end"; close: Close };

/** What a token is checked for. */
export type Purpose = { for: "connect" } | { for: "refresh"; id: number };

export type Effect =
  | { do: "verify"; purpose: Purpose; token: string }
  | { do: "attach"; user: UserId; request: ConnectRequest }
  | { do: "reply"; id: number; reply: Reply }
  | { do: "start live" }
  | { do: "call"; id: number; bytes: number; method: string; data: JsonValue }
  | { do: "ack"; gsid: Gsid }
  | { do: "foreground"; foreground: boolean }
  | { do: "ping" }
  | { do: "pong" }
  | { do: "close"; close: Close };

export interface Step {
  state: SessionState;
  effects: Effect[];
}

export interface SessionSettings {
  pingMs: number;
  pongMs: number;
  /** How often a device that owes a confirmation is pinged. */
  probeMs: number;
  /** A connection that has not asked to connect by then is stale. */
  connectMs: number;
  /** A connect that is not answered by then never will be: its client is about to give up. */
  answerMs: number;
  /** After the token ran out, the time in which a refresh is still taken. */
  graceMs: number;
  maxPending: number;
  maxPendingBytes: number;
  version: string;
  client: string;
}
