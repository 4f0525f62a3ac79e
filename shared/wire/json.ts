/**
 * The JSON format of the wire: text frames of objects separated by `\n`, both ways.
 *
 * Invariant: `decode` returns commands that are complete and within every bound, or throws
 * `BadFrame`, whatever the bytes; nothing is parsed before its depth is known. A push is
 * concatenated around the event's own text, so fan-out never renders an event again.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "shared/event.ts";
import { commandId, parseJson, resumePosition, UNSERVED_VERBS } from "shared/wire/bounds.ts";
import {
  BadFrame,
  type Codec,
  type Command,
  type ConnectResult,
  FRAME_LIMITS,
  type Position,
  type Reply,
} from "shared/wire/codec.ts";

export const jsonCodec: Codec = {
  format: "json",
  decode,
  reply: encodeReply,
  push: encodePush,
  ping: "{}",
  join: (frames) => frames.length === 1 ? frames[0]! : frames.join("\n"),
};

const VERBS = ["connect", "rpc", "refresh", "ping", "send", ...UNSERVED_VERBS] as const;

const utf8 = new TextEncoder();

function decode(frame: string | Uint8Array): Command[] {
  if (typeof frame !== "string") throw new BadFrame("a JSON frame must be text");
  if (exceedsBytes(frame, FRAME_LIMITS.maxBytes)) {
    throw new BadFrame(`a frame must be at most ${FRAME_LIMITS.maxBytes} bytes`);
  }
  const commands: Command[] = [];
  for (const line of frame.split("\n")) {
    if (line.trim() === "") continue;
    if (commands.length === FRAME_LIMITS.maxCommands) {
      throw new BadFrame(`a frame must hold at most ${FRAME_LIMITS.maxCommands} commands`);
    }
    commands.push(decodeCommand(parseObject(line)));
  }
  if (commands.length === 0) throw new BadFrame("a frame must hold a command");
  return commands;
}

/** A UTF-16 unit is one to three bytes of UTF-8, so most frames need no counting. */
function exceedsBytes(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || utf8.encode(text).length > maxBytes;
}

function parseObject(line: string): JsonObject {
  const value = parseJson(line, FRAME_LIMITS.maxDepth, "a command");
  if (!isObject(value)) throw new BadFrame("a command must be an object");
  return value;
}

function decodeCommand(command: JsonObject): Command {
  const verbs = VERBS.filter((verb) => command[verb] !== undefined);
  const [verb, second] = verbs;
  if (verb === undefined) {
    if (Object.keys(command).length === 0) return { verb: "pong" };
    throw new BadFrame("a command must have a verb of the protocol");
  }
  if (second !== undefined) {
    throw new BadFrame(`a command must not have both ${verb} and ${second}`);
  }
  const request = command[verb];
  if (!isObject(request)) throw new BadFrame(`${verb} must be an object`);
  if (verb === "send") return { verb, data: request.data ?? null };
  const id = commandId(command.id);
  switch (verb) {
    case "connect":
      return decodeConnect(id, request);
    case "rpc":
      return { verb, id, method: text(request.method, "rpc.method"), data: request.data ?? null };
    case "refresh":
      return { verb, id, token: text(request.token, "refresh.token") };
    case "ping":
      return { verb, id };
    default:
      return { verb: "unavailable", id, name: verb };
  }
}

function decodeConnect(id: number, request: JsonObject): Command {
  const token = text(request.token, "connect.token");
  const recover = decodeRecover(request.subs);
  return { verb: "connect", id, token, data: request.data ?? null, ...(recover && { recover }) };
}

/** Where the client resumes from. The SDK leaves out everything if false. */
function decodeRecover(subs: JsonValue | undefined): Position | undefined {
  const inbox = optionalObject(subs, "connect.subs").inbox;
  const { recover, offset, epoch } = optionalObject(inbox, "connect.subs.inbox");
  if (recover === undefined || recover === false) return;
  if (recover !== true) throw new BadFrame("connect.subs.inbox.recover must be true or false");
  return resumePosition(offset, text(epoch, "connect.subs.inbox.epoch"));
}

function encodeReply(id: number, reply: Reply): string {
  if ("rpc" in reply) return `{"id":${id},"rpc":{"data":${JSON.stringify(reply.rpc)}}}`;
  if ("error" in reply) return `{"id":${id},"error":${JSON.stringify(reply.error)}}`;
  if ("ping" in reply) return `{"id":${id},"ping":{}}`;
  if ("connect" in reply) {
    return `{"id":${id},"connect":${JSON.stringify(connectResult(reply.connect))}}`;
  }
  return `{"id":${id},"refresh":${JSON.stringify({ ...reply.refresh, expires: true })}}`;
}

function connectResult({ inbox, ...result }: ConnectResult): JsonObject {
  const { recovered, ...state } = inbox;
  const recovery = recovered === undefined ? {} : { recovered, was_recovering: true };
  return {
    ...result,
    expires: true,
    pong: true,
    subs: { inbox: { recoverable: true, positioned: true, ...state, ...recovery } },
  };
}

function encodePush(event: string, offset?: number): string {
  return offset === undefined
    ? `{"push":{"channel":"inbox","pub":{"data":${event}}}}`
    : `{"push":{"channel":"inbox","pub":{"data":${event},"offset":${offset}}}}`;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function optionalObject(value: JsonValue | undefined, field: string): JsonObject {
  const object = value ?? {};
  if (!isObject(object)) throw new BadFrame(`${field} must be an object`);
  return object;
}

/** An empty string is what the format leaves out. */
function text(value: JsonValue | undefined, field: string): string {
  const string = value ?? "";
  if (typeof string !== "string") throw new BadFrame(`${field} must be a string`);
  return string;
}
