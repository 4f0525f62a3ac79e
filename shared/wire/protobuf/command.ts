/**
 * The commands of a client, out of the Protobuf messages of the client protocol.
 *
 * Invariant: a command that is returned is as complete and as bounded as one that came as JSON.
 * Fields that we do not use are passed over.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import { commandId, parseJson, resumePosition } from "shared/wire/bounds.ts";
import { BadFrame, type Command, FRAME_LIMITS, type Position } from "shared/wire/codec.ts";
import {
  COMMAND,
  CONNECT_REQUEST,
  MAP_ENTRY,
  REFRESH_REQUEST,
  RPC_REQUEST,
  SEND_REQUEST,
  SUBSCRIBE_REQUEST,
} from "./fields.ts";
import type { Reader } from "./reader.ts";

/** In JSON a command and its verb are two levels around the data. */
const MAX_DATA_DEPTH = FRAME_LIMITS.maxDepth - 2;

type Verb = Exclude<keyof typeof COMMAND, "id">;

const VERB_OF_FIELD: ReadonlyMap<number, Verb> = new Map(
  (Object.keys(COMMAND) as (keyof typeof COMMAND)[])
    .filter((name) => name !== "id").map((verb) => [COMMAND[verb], verb]),
);

/** @throws {BadFrame} */
export function decodeCommand(message: Reader): Command {
  // A pong is a command with nothing in it.
  if (message.isDone) return { verb: "pong" };
  let id = 0, verb: Verb | undefined, request: Reader | undefined;
  while (message.next()) {
    const found = VERB_OF_FIELD.get(message.field);
    if (message.field === COMMAND.id) id = message.uint("id");
    else if (found === undefined) message.skip();
    else {
      if (verb) throw new BadFrame(`a command must have one verb, not ${verb} and ${found}`);
      verb = found;
      request = message.message(found);
    }
  }
  if (!verb || !request) throw new BadFrame("a command must have a verb of the protocol");
  return verb === "send" ? decodeSend(request) : decodeRequest(verb, commandId(id), request);
}

function decodeRequest(verb: Exclude<Verb, "send">, id: number, request: Reader): Command {
  switch (verb) {
    case "connect":
      return decodeConnect(id, request);
    case "rpc":
      return decodeRpc(id, request);
    case "refresh":
      return decodeRefresh(id, request);
    case "ping":
      return { verb, id };
    default:
      return { verb: "unavailable", id, name: verb };
  }
}

function decodeConnect(id: number, request: Reader): Command {
  let token = "", data = "", recover: Position | undefined;
  while (request.next()) {
    switch (request.field) {
      case CONNECT_REQUEST.token:
        token = request.text("connect.token");
        break;
      case CONNECT_REQUEST.data:
        data = request.text("connect.data");
        break;
      case CONNECT_REQUEST.subs: {
        const { key, value } = decodeEntry(request.message("connect.subs"));
        if (key === "inbox") recover = value && decodeRecover(value);
        break;
      }
      default:
        request.skip();
    }
  }
  const json = parseData(data, "connect.data");
  return { verb: "connect", id, token, data: json, ...(recover && { recover }) };
}

/** One channel of the map `subs`. */
function decodeEntry(entry: Reader): { key: string; value: Reader | undefined } {
  let key = "", value: Reader | undefined;
  while (entry.next()) {
    if (entry.field === MAP_ENTRY.key) key = entry.text("a key of connect.subs");
    else if (entry.field === MAP_ENTRY.value) value = entry.message("a value of connect.subs");
    else entry.skip();
  }
  return { key, value };
}

function decodeRecover(request: Reader): Position | undefined {
  let recover = false, offset = 0, epoch = "";
  while (request.next()) {
    switch (request.field) {
      case SUBSCRIBE_REQUEST.recover:
        recover = request.bool("connect.subs.inbox.recover");
        break;
      case SUBSCRIBE_REQUEST.epoch:
        epoch = request.text("connect.subs.inbox.epoch");
        break;
      case SUBSCRIBE_REQUEST.offset:
        offset = request.uint("connect.subs.inbox.offset");
        break;
      default:
        request.skip();
    }
  }
  return recover ? resumePosition(offset, epoch) : undefined;
}

function decodeRpc(id: number, request: Reader): Command {
  let method = "", data = "";
  while (request.next()) {
    if (request.field === RPC_REQUEST.method) method = request.text("rpc.method");
    else if (request.field === RPC_REQUEST.data) data = request.text("rpc.data");
    else request.skip();
  }
  return { verb: "rpc", id, method, data: parseData(data, "rpc.data") };
}

function decodeRefresh(id: number, request: Reader): Command {
  let token = "";
  while (request.next()) {
    if (request.field === REFRESH_REQUEST.token) token = request.text("refresh.token");
    else request.skip();
  }
  return { verb: "refresh", id, token };
}

function decodeSend(request: Reader): Command {
  let data = "";
  while (request.next()) {
    if (request.field === SEND_REQUEST.data) data = request.text("send.data");
    else request.skip();
  }
  return { verb: "send", data: parseData(data, "send.data") };
}

function parseData(text: string, what: string): JsonValue {
  return text === "" ? null : parseJson(text, MAX_DATA_DEPTH, what);
}
