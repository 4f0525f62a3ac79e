/**
 * What a connected client asks for, decided.
 *
 * Invariant: every call that is passed on is counted until it is answered, and no more of them wait
 * than the settings allow, by number and by bytes. Pure.
 *
 * @module
 */

import { badRequest, wireError } from "shared/wire/codes.ts";
import type { Command } from "shared/wire/codec.ts";
import { close, fail, stay } from "./moves.ts";
import { readSend } from "./read_command.ts";
import type { Arrival, Input, SessionSettings, SessionState, Step } from "./state.ts";

export function onCommandWhileConnected(
  state: SessionState,
  { command, bytes }: Arrival,
  settings: SessionSettings,
): Step {
  switch (command.verb) {
    case "rpc":
      return onCall(state, command, bytes, settings);
    case "send": {
      const read = readSend(command.data);
      // Nothing answers it, so that the reason of the end is all that can say what was wrong.
      return "fault" in read ? close(state, badRequest(read.fault)) : stay(state, ...read.effects);
    }
    case "refresh":
      return stay(state, {
        do: "verify",
        purpose: { for: "refresh", id: command.id },
        token: command.token,
      });
    case "ping":
      return stay(state, { do: "reply", id: command.id, reply: { ping: true } });
    case "unavailable":
      return stay(
        state,
        fail(command.id, wireError("notAvailable", `${command.name} is not available`)),
      );
    default:
      return stay(state);
  }
}

function onCall(
  state: SessionState,
  { id, method, data }: Command & { verb: "rpc" },
  bytes: number,
  { maxPending, maxPendingBytes }: SessionSettings,
): Step {
  // The client is on its way to another edge, which will do it.
  if (state.leaving) return stay(state, fail(id, wireError("internal")));
  const pendingBytes = state.pendingBytes + bytes;
  if (state.pending >= maxPending || pendingBytes > maxPendingBytes) {
    return stay(state, fail(id, wireError("tooManyRequests")));
  }
  const next = { ...state, pending: state.pending + 1, pendingBytes };
  return stay(next, { do: "call", id, bytes, method, data });
}

export function onAnswered(
  state: SessionState,
  { id, bytes, reply }: Input & { type: "answered" },
): Step {
  const pending = state.pending - 1;
  const next = stay(
    { ...state, pending, pendingBytes: state.pendingBytes - bytes },
    { do: "reply", id, reply },
  );
  if (pending > 0 || !state.leaving) return next;
  const left = close(next.state, state.leaving);
  return { ...left, effects: [...next.effects, ...left.effects] };
}
