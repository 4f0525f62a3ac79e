/**
 * One connection's life, decided: `step(state, input)` gives the next state and what to do.
 *
 * Invariant: nothing of a user's is sent before its token was checked, and nothing after the
 * session closed. Pure: no clock, no socket, no randomness. Knows nothing of how events travel.
 *
 * @module
 */

import type { DeviceId } from "shared/ids.ts";
import { badRequest, CLOSES, type WireError, wireError } from "shared/wire/codes.ts";
import type { Command, ConnectResult } from "shared/wire/codec.ts";
import { close, fail, failure, stay } from "./moves.ts";
import { onAnswered, onCommandWhileConnected } from "./commands.ts";
import { readConnect } from "./read_command.ts";
import type { Arrival, Connecting, Input, SessionSettings, SessionState, Step } from "./state.ts";

export function openSession(nowMs: number, settings: SessionSettings): SessionState {
  return {
    phase: { name: "opening" },
    openedMs: nowMs,
    nextPingMs: nowMs + settings.pingMs,
    pending: 0,
    pendingBytes: 0,
  };
}

export function step(state: SessionState, input: Input, settings: SessionSettings): Step {
  if (state.phase.name === "closed") return { state, effects: [] };
  switch (input.type) {
    case "command":
      return onCommand(state, input, settings);
    case "refused":
      return stay(state, ...failure(input.command, wireError("tooManyRequests")));
    case "verified":
      return input.purpose.for === "connect"
        ? onConnectVerified(state, input, settings)
        : onRefreshVerified(state, input, input.purpose.id, settings);
    case "attached":
      return onAttached(state, input, settings);
    case "answered":
      return onAnswered(state, input);
    case "revoked":
      return onRevoked(state, input.beforeMs);
    case "tick":
      return onTick(state, input, settings);
    case "leave":
      return state.pending === 0
        ? close(state, input.close)
        : stay({ ...state, leaving: input.close });
    case "end":
      return close(state, input.close);
  }
}

function onCommand(
  state: SessionState,
  arrival: Arrival & { nowMs: number },
  settings: SessionSettings,
): Step {
  const { phase } = state;
  const { command } = arrival;
  if (command.verb === "pong") return onPong(state);
  if (command.verb === "connect") {
    if (phase.name !== "opening") return close(state, badRequest("connect must come once"));
    return onConnect(state, command, arrival.nowMs);
  }
  switch (phase.name) {
    case "verifying":
    case "attaching":
      return onEarly({ ...state, phase }, arrival, settings);
    case "connected":
      return onCommandWhileConnected(state, arrival, settings);
    default:
      return close(state, badRequest("connect must come first"));
  }
}

/** An official client waits for the reply to its connect; one that does not is answered after it. */
function onEarly(
  state: SessionState & { phase: Connecting },
  { command, bytes }: Arrival,
  settings: SessionSettings,
): Step {
  const waiting = [...state.phase.waiting, { command, bytes }];
  const waitingBytes = waiting.reduce((sum, one) => sum + one.bytes, 0);
  if (waiting.length > settings.maxPending || waitingBytes > settings.maxPendingBytes) {
    return close(state, badRequest("too much came before the answer to connect"));
  }
  return stay({ ...state, phase: { ...state.phase, waiting } });
}

function onConnect(
  state: SessionState,
  command: Command & { verb: "connect" },
  nowMs: number,
): Step {
  const read = readConnect(command);
  if ("fault" in read) return stay(state, fail(command.id, wireError("badRequest", read.fault)));
  return stay(
    { ...state, phase: { name: "verifying", request: read.request, sinceMs: nowMs, waiting: [] } },
    { do: "verify", purpose: { for: "connect" }, token: command.token },
  );
}

const REFUSALS = {
  expired: "tokenExpired",
  invalid: "unauthorized",
  unavailable: "internal",
} as const;

function onConnectVerified(
  state: SessionState,
  { verdict, wallMs }: Input & { type: "verified" },
  settings: SessionSettings,
): Step {
  const { phase } = state;
  if (phase.name !== "verifying") return stay(state);
  if (!verdict.ok) return refuse(state, phase, wireError(REFUSALS[verdict.why]));
  const { user, expiresMs, issuedMs } = verdict;
  // A verifier allows for clocks that differ; the session's grace is what counts here.
  if (isOver(expiresMs, wallMs, settings)) return refuse(state, phase, wireError("tokenExpired"));
  return stay(
    { ...state, phase: { ...phase, name: "attaching" }, user, expiresMs, issuedMs },
    { do: "attach", user, request: phase.request },
  );
}

function onAttached(
  state: SessionState,
  { attached, nowMs, wallMs }: Input & { type: "attached" },
  settings: SessionSettings,
): Step {
  const { phase } = state;
  if (phase.name !== "attaching") return stay(state);
  if (!attached.ok) return refuse(state, phase, attached.error);
  const { request, waiting } = phase;
  if (isOver(state.expiresMs, wallMs, settings)) return close(state, CLOSES.expired);
  const { since } = request;
  // The position asked for, never that of a catch-up which has not been sent yet.
  const offset = since && attached.recovered ? since.gsid : attached.head;
  const connect: ConnectResult = {
    client: settings.client,
    version: settings.version,
    ttl: ttl(state, wallMs),
    ping: settings.pingMs / 1000,
    data: { user: state.user!, device: request.device ?? settings.client as DeviceId },
    inbox: { epoch: attached.epoch, offset, ...(since && { recovered: attached.recovered }) },
  };
  const connected: Step = {
    state: { ...state, phase: { name: "connected" } },
    effects: [{ do: "reply", id: request.id, reply: { connect } }, { do: "start live" }],
  };
  return replay(connected, waiting, nowMs, settings);
}

function onRefreshVerified(
  state: SessionState,
  { verdict, wallMs }: Input & { type: "verified" },
  id: number,
  settings: SessionSettings,
): Step {
  if (!verdict.ok) {
    if (verdict.why === "expired") return close(state, CLOSES.expired);
    if (verdict.why === "invalid") return close(state, CLOSES.invalidToken);
    return stay(state, fail(id, wireError("internal")));
  }
  if (verdict.user !== state.user) return close(state, CLOSES.invalidToken);
  if (isOver(verdict.expiresMs, wallMs, settings)) return close(state, CLOSES.expired);
  const { expiresMs, issuedMs } = verdict;
  const next = { ...state, expiresMs, issuedMs };
  if (isRevoked(next)) return close(state, CLOSES.invalidToken);
  const refresh = {
    client: settings.client,
    version: settings.version,
    ttl: ttl(next, wallMs),
  };
  return stay(next, { do: "reply", id, reply: { refresh } });
}

/** Who is not let in yet is told that the token is no good; who is in must go, and not come back. */
function onRevoked(state: SessionState, beforeMs: number): Step {
  const next = { ...state, revokedMs: Math.max(state.revokedMs ?? 0, beforeMs) };
  if (!isRevoked(next)) return stay(next);
  const isIn = state.phase.name === "connected";
  return close(next, isIn ? CLOSES.forceDisconnect : CLOSES.invalidToken);
}

function onTick(
  state: SessionState,
  { nowMs, wallMs, unconfirmed }: Input & { type: "tick" },
  settings: SessionSettings,
): Step {
  const { phase } = state;
  if (phase.name === "opening") {
    return nowMs - state.openedMs < settings.connectMs ? stay(state) : close(state, CLOSES.stale);
  }
  if (phase.name === "verifying" || phase.name === "attaching") {
    // Who has asked, and waits for us, comes back: 3502 would be final.
    return nowMs - phase.sinceMs < settings.answerMs ? stay(state) : close(state, CLOSES.internal);
  }
  if (isOver(state.expiresMs, wallMs, settings)) return close(state, CLOSES.expired);
  if (state.pingedMs !== undefined) {
    return nowMs - state.pingedMs >= settings.pongMs ? close(state, CLOSES.noPong) : stay(state);
  }
  const lastPingMs = state.nextPingMs - settings.pingMs;
  const due = nowMs >= state.nextPingMs ||
    (unconfirmed && nowMs >= lastPingMs + settings.probeMs);
  if (!due) return stay(state);
  const next = { ...state, pingedMs: nowMs, nextPingMs: nowMs + settings.pingMs };
  return stay(next, { do: "ping" });
}

function onPong(state: SessionState): Step {
  if (state.pingedMs === undefined) return stay(state);
  const { pingedMs: _answered, ...next } = state;
  return stay(next, { do: "pong" });
}

/** The connect failed: the client may try once more on this socket, until it is stale. */
function refuse(state: SessionState, { request, waiting }: Connecting, error: WireError): Step {
  const { user: _user, expiresMs: _expires, issuedMs: _issued, revokedMs: _revoked, ...rest } =
    state;
  const behind = waiting.flatMap(({ command }) => failure(command, error));
  return stay({ ...rest, phase: { name: "opening" } }, fail(request.id, error), ...behind);
}

function replay(first: Step, waiting: Arrival[], nowMs: number, settings: SessionSettings): Step {
  return waiting.reduce<Step>(({ state, effects }, arrival) => {
    const next = step(state, { type: "command", nowMs, ...arrival }, settings);
    return { state: next.state, effects: [...effects, ...next.effects] };
  }, first);
}

function isRevoked({ issuedMs, revokedMs }: SessionState): boolean {
  return issuedMs !== undefined && revokedMs !== undefined && issuedMs < revokedMs;
}

/** Whether nothing may be sent any more on a token that expires then. */
function isOver(expiresMs: number | undefined, wallMs: number, { graceMs }: SessionSettings) {
  return expiresMs !== undefined && wallMs >= expiresMs + graceMs;
}

function ttl(state: SessionState, wallMs: number): number {
  return Math.max(1, Math.ceil((state.expiresMs! - wallMs) / 1000));
}
