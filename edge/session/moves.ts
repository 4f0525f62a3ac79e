/**
 * The ways in which a session goes on: as it is, with an error, or not at all.
 *
 * Invariant: a session that has closed keeps its state. Pure.
 *
 * @module
 */

import type { Close, WireError } from "shared/wire/codes.ts";
import type { Command } from "shared/wire/codec.ts";
import type { Effect, SessionState, Step } from "./state.ts";

export function stay(state: SessionState, ...effects: Effect[]): Step {
  return { state, effects };
}

export function close(state: SessionState, close: Close): Step {
  return { state: { ...state, phase: { name: "closed" } }, effects: [{ do: "close", close }] };
}

export function fail(id: number, error: WireError): Effect {
  return { do: "reply", id, reply: { error } };
}

/** The same for a command, if it is one that is answered: acks and the like are passed over. */
export function failure(command: Command, error: WireError): Effect[] {
  return "id" in command ? [fail(command.id, error)] : [];
}
