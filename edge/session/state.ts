/**
 * The life of one connection as data: its states, what can happen to it, what it asks for.
 *
 * Invariant: nothing here has an effect; `step` decides and the connection performs. Times are in
 * ms of the clock that was handed in.
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

export type Phase =
  /** The socket is open, nobody has said who it is. */
  | { name: "opening" }
  /** The token is being checked. */
  | { name: "verifying"; request: ConnectRequest; waiting: Command[] }
  /** Topics are entered, presence is written, the snapshot is taken. */
  | { name: "attaching"; request: ConnectRequest; waiting: Command[] }
  | { name: "connected" }
  | { name: "closed" };

export interface SessionState {
  readonly phase: Phase;
  readonly openedMs: number;
  readonly user?: UserId;
  /** When the token runs out. */
  readonly expiresMs?: number;
  readonly nextPingMs: number;
  /** Set while a ping has not been answered: when the oldest of them was sent. */
  readonly pingedMs?: number;
  /** Commands that wait for an origin's answer. */
  readonly pending: number;
}

export type Verdict =
  | { ok: true; user: UserId; expiresMs: number }
  | { ok: false; why: "expired" | "invalid" | "unavailable" };

/** What became of the snapshot that a connect waits for. */
export type Attached =
  | { ok: true; epoch: string; head: Gsid; recovered: boolean }
  | { ok: false; error: WireError };

export type Input =
  | { type: "command"; command: Command }
  | { type: "verified"; purpose: Purpose; verdict: Verdict; nowMs: number }
  | { type: "attached"; attached: Attached; nowMs: number }
  | { type: "answered"; id: number; reply: Reply }
  /** `unconfirmed`: something was sent that the device has not confirmed. */
  | { type: "tick"; nowMs: number; unconfirmed: boolean }
  | { type: "end"; close: Close };

/** What a token is checked for. */
export type Purpose = { for: "connect" } | { for: "refresh"; id: number };

export type Effect =
  | { do: "verify"; purpose: Purpose; token: string }
  | { do: "attach"; user: UserId; request: ConnectRequest }
  | { do: "reply"; id: number; reply: Reply }
  | { do: "start live" }
  | { do: "call"; id: number; method: string; data: JsonValue }
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
  /** A connection that has not connected by then is stale. */
  connectMs: number;
  /** After the token ran out, the time in which a refresh is still taken. */
  graceMs: number;
  maxPending: number;
  version: string;
  client: string;
}
