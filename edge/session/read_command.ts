/**
 * Reading what an app put into `connect` and `send`: the parts of a command that are ours.
 *
 * Invariant: bad input yields words that name the field, never an exception. Pure.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "shared/event.ts";
import { isGsid } from "shared/gsid.ts";
import { type DeviceId, faultInId } from "shared/ids.ts";
import type { ConnectCommand, Position } from "shared/wire/codec.ts";
import type { ConnectRequest, Effect } from "./state.ts";

/** `subs.inbox` wins over `data.since`, which an app repeats unchanged on every reconnect. */
export function readConnect(
  command: ConnectCommand,
): { request: ConnectRequest } | { fault: string } {
  const data = command.data ?? {};
  if (!isObject(data)) return { fault: "data must be an object" };
  const { device, since, foreground } = data;
  const fault = device === undefined ? undefined : faultInId(device);
  if (fault) return { fault: `data.device ${fault}` };
  if (foreground !== undefined && typeof foreground !== "boolean") {
    return { fault: "data.foreground must be true or false" };
  }
  const stored = since === undefined ? undefined : readPosition(since);
  if (stored === null) {
    return { fault: "data.since must be {gsid, epoch}: an integer of at most 53 bits, a string" };
  }
  const position = command.recover ?? stored;
  return {
    request: {
      id: command.id,
      token: command.token,
      foreground: foreground ?? true,
      ...(device !== undefined && { device: device as DeviceId }),
      ...(position && { since: position }),
    },
  };
}

/**
 * What an app says without being answered. A type that is not known is passed over: a newer client
 * may say more.
 */
export function readSend(data: JsonValue): { effects: Effect[] } | { fault: string } {
  if (!isObject(data)) return { fault: "send.data must be an object" };
  if (data.type === "ack") {
    const { gsid } = data;
    if (!isGsid(gsid)) return { fault: "send.data.gsid must be an integer below 2^53" };
    return { effects: [{ do: "ack", gsid }] };
  }
  if (data.type === "state") {
    const { foreground } = data;
    if (typeof foreground !== "boolean") {
      return { fault: "send.data.foreground must be true or false" };
    }
    return { effects: [{ do: "foreground", foreground }] };
  }
  return { effects: [] };
}

function readPosition(value: JsonValue): Position | null {
  if (!isObject(value) || !isGsid(value.gsid) || typeof value.epoch !== "string") return null;
  return { gsid: value.gsid, epoch: value.epoch };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
