/**
 * One connection's life, decided: `step(state, input)` gives the next state and what to do.
 *
 * Invariant: nothing of a user's is sent before its token was checked, and nothing after the
 * session closed. Pure: no clock, no socket, no randomness. Knows nothing of how events travel.
 *
 * @module
 */

import type { DeviceId } from "shared/ids.ts";
import { type Close, CLOSES, wireError } from "shared/wire/codes.ts";
import type { Command, ConnectResult, Reply } from "shared/wire/codec.ts";
import { readConnect, readSend } from "./read_command.ts";
import type { Effect, Input, SessionSettings, SessionState, Step } from "./state.ts";

export function openSession(nowMs: number, settings: SessionSettings): SessionState {
  return {
    phase: { name: "opening" },
    openedMs: nowMs,
    nextPingMs: nowMs + settings.pingMs,
    pending: 0,
  };
}

export function step(state: SessionState, input: Input, settings: SessionSettings): Step {
  if (state.phase.name === "closed") return { state, effects: [] };
  switch (input.type) {
    case "command":
      return onCommand(state, input.command, settings);
    case "verified":
      return input.purpose.for === "connect"
        ? onConnectVerified(state, input, settings)
        : onRefreshVerified(state, input, input.purpose.id, settings);
    case "attached":
      return onAttached(state, input, settings);
    case "answered": {
      const next = { ...state, pending: state.pending - 1 };
      return { state: next, effects: [{ do: "reply", id: input.id, reply: input.reply }] };
    }
    case "tick":
      return onTick(state, input, settings);
    case "end":
      return close(state, input.close);
  }
}

function onCommand(state: SessionState, command: Command, settings: SessionSettings): Step {
  const { phase } = state;
  if (command.verb === "pong") return onPong(state);
  if (command.verb === "connect") {
    if (phase.name !== "opening") return close(state, CLOSES.badRequest);
    return onConnect(state, command);
  }
  if (phase.name === "opening") return close(state, CLOSES.badRequest);
  if (phase.name === "verifying" || phase.name === "attaching") {
    if (phase.waiting.length >= settings.maxPending) return close(state, CLOSES.badRequest);
    // An official client waits for the reply; one that does not is answered after it.
    return stay({ ...state, phase: { ...phase, waiting: [...phase.waiting, command] } });
  }
  switch (command.verb) {
    case "rpc":
      if (state.pending >= settings.maxPending) {
        return stay(state, fail(command.id, wireError("tooManyRequests")));
      }
      return stay(
        { ...state, pending: state.pending + 1 },
        { do: "call", id: command.id, method: command.method, data: command.data },
      );
    case "send": {
      const effects = readSend(command.data);
      return effects ? stay(state, ...effects) : close(state, CLOSES.badRequest);
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
      return stay(state, fail(command.id, wireError("notAvailable")));
  }
}

function onConnect(state: SessionState, command: Command & { verb: "connect" }): Step {
  const read = readConnect(command);
  if ("fault" in read) return stay(state, fail(command.id, wireError("badRequest", read.fault)));
  return stay(
    { ...state, phase: { name: "verifying", request: read.request, waiting: [] } },
    { do: "verify", purpose: { for: "connect" }, token: command.token },
  );
}

function onConnectVerified(
  state: SessionState,
  { verdict, nowMs }: Input & { type: "verified" },
  settings: SessionSettings,
): Step {
  if (state.phase.name !== "verifying") return stay(state);
  const { request, waiting } = state.phase;
  if (!verdict.ok) {
    const error = verdict.why === "expired"
      ? wireError("tokenExpired")
      : verdict.why === "invalid"
      ? wireError("unauthorized")
      : wireError("internal");
    return refuse(state, fail(request.id, error), waiting, settings);
  }
  const { user, expiresMs } = verdict;
  // A verifier allows for clocks that differ; the session's grace is what counts here.
  if (isOver(expiresMs, nowMs, settings)) {
    return refuse(state, fail(request.id, wireError("tokenExpired")), waiting, settings);
  }
  const phase = { name: "attaching", request, waiting } as const;
  return stay({ ...state, phase, user, expiresMs }, { do: "attach", user, request });
}

function onAttached(
  state: SessionState,
  { attached, nowMs }: Input & { type: "attached" },
  settings: SessionSettings,
): Step {
  if (state.phase.name !== "attaching") return stay(state);
  const { request, waiting } = state.phase;
  if (!attached.ok) {
    return refuse(state, fail(request.id, attached.error), waiting, settings);
  }
  if (isOver(state.expiresMs, nowMs, settings)) return close(state, CLOSES.expired);
  const { since } = request;
  // The position asked for, never that of a catch-up which has not been sent yet.
  const offset = since && attached.recovered ? since.gsid : attached.head;
  const connect: ConnectResult = {
    client: settings.client,
    version: settings.version,
    ttl: ttl(state, nowMs),
    ping: settings.pingMs / 1000,
    data: { user: state.user!, device: request.device ?? settings.client as DeviceId },
    inbox: { epoch: attached.epoch, offset, ...(since && { recovered: attached.recovered }) },
  };
  const connected: Step = {
    state: { ...state, phase: { name: "connected" } },
    effects: [{ do: "reply", id: request.id, reply: { connect } }, { do: "start live" }],
  };
  return replay(connected, waiting, settings);
}

function onRefreshVerified(
  state: SessionState,
  { verdict, nowMs }: Input & { type: "verified" },
  id: number,
  settings: SessionSettings,
): Step {
  if (!verdict.ok) {
    if (verdict.why === "expired") return close(state, CLOSES.expired);
    if (verdict.why === "invalid") return close(state, CLOSES.invalidToken);
    return stay(state, fail(id, wireError("internal")));
  }
  if (verdict.user !== state.user) return close(state, CLOSES.invalidToken);
  if (isOver(verdict.expiresMs, nowMs, settings)) return close(state, CLOSES.expired);
  const next = { ...state, expiresMs: verdict.expiresMs };
  const refresh = {
    client: settings.client,
    version: settings.version,
    ttl: ttl(next, nowMs),
  };
  return stay(next, { do: "reply", id, reply: { refresh } });
}

function onTick(
  state: SessionState,
  { nowMs, unconfirmed }: Input & { type: "tick" },
  settings: SessionSettings,
): Step {
  if (state.phase.name !== "connected") {
    if (nowMs - state.openedMs < settings.connectMs) return stay(state);
    // Who has asked, and waits for us, must be let back in: 3502 is final.
    return close(state, state.phase.name === "opening" ? CLOSES.stale : CLOSES.internal);
  }
  if (isOver(state.expiresMs, nowMs, settings)) return close(state, CLOSES.expired);
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
function refuse(
  state: SessionState,
  effect: Effect,
  waiting: Command[],
  settings: SessionSettings,
): Step {
  const { user: _user, expiresMs: _expires, ...rest } = state;
  const refused = stay({ ...rest, phase: { name: "opening" } }, effect);
  return replay(refused, waiting, settings);
}

function replay(first: Step, waiting: Command[], settings: SessionSettings): Step {
  return waiting.reduce<Step>(({ state, effects }, command) => {
    const next = step(state, { type: "command", command }, settings);
    return { state: next.state, effects: [...effects, ...next.effects] };
  }, first);
}

/** Whether nothing may be sent any more on a token that expires then. */
function isOver(expiresMs: number | undefined, nowMs: number, { graceMs }: SessionSettings) {
  return expiresMs !== undefined && nowMs >= expiresMs + graceMs;
}

function ttl(state: SessionState, nowMs: number): number {
  return Math.max(1, Math.ceil((state.expiresMs! - nowMs) / 1000));
}

function fail(id: number, error: ReturnType<typeof wireError>): Effect {
  const reply: Reply = { error };
  return { do: "reply", id, reply };
}

function stay(state: SessionState, ...effects: Effect[]): Step {
  return { state, effects };
}

function close(state: SessionState, close: Close): Step {
  return { state: { ...state, phase: { name: "closed" } }, effects: [{ do: "close", close }] };
}
