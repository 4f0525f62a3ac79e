/**
 * What the server answers, as Protobuf messages of the client protocol.
 *
 * Invariant: a reply has the field of its verb even when nothing is in it, because some SDKs tell
 * replies apart by that field alone. Knows nothing of frames.
 *
 * @module
 */

import type { ConnectResult, InboxState, Reply } from "shared/wire/codec.ts";
import type { WireError } from "shared/wire/codes.ts";
import {
  CONNECT_RESULT,
  ERROR,
  MAP_ENTRY,
  REFRESH_RESULT,
  REPLY,
  RPC_RESULT,
  SUBSCRIBE_RESULT,
} from "./fields.ts";
import { encodeDelimited, type Message } from "./writer.ts";

/** A ttl is a uint32, which Java reads as a signed one. */
const MAX_TTL = 0x7fff_ffff;

export function encodeReply(id: number, reply: Reply): Uint8Array {
  return encodeDelimited([[REPLY.id, id], answerOf(reply)]);
}

function answerOf(reply: Reply): Message[number] {
  if ("rpc" in reply) return [REPLY.rpc, [[RPC_RESULT.data, JSON.stringify(reply.rpc)]]];
  if ("error" in reply) return [REPLY.error, errorMessage(reply.error)];
  if ("ping" in reply) return [REPLY.ping, []];
  if ("connect" in reply) return [REPLY.connect, connectMessage(reply.connect)];
  const { client, version, ttl } = reply.refresh;
  return [REPLY.refresh, [
    [REFRESH_RESULT.client, client],
    [REFRESH_RESULT.version, version],
    [REFRESH_RESULT.expires, true],
    [REFRESH_RESULT.ttl, Math.min(ttl, MAX_TTL)],
  ]];
}

function errorMessage({ code, message, temporary }: WireError): Message {
  return [
    [ERROR.code, code],
    [ERROR.message, message],
    [ERROR.temporary, temporary ?? false],
  ];
}

function connectMessage({ client, version, ttl, ping, data, inbox }: ConnectResult): Message {
  return [
    [CONNECT_RESULT.client, client],
    [CONNECT_RESULT.version, version],
    [CONNECT_RESULT.expires, true],
    [CONNECT_RESULT.ttl, Math.min(ttl, MAX_TTL)],
    [CONNECT_RESULT.data, JSON.stringify(data)],
    [CONNECT_RESULT.subs, [[MAP_ENTRY.key, "inbox"], [MAP_ENTRY.value, inboxMessage(inbox)]]],
    [CONNECT_RESULT.ping, ping],
    [CONNECT_RESULT.pong, true],
  ];
}

function inboxMessage({ epoch, offset, recovered }: InboxState): Message {
  return [
    [SUBSCRIBE_RESULT.recoverable, true],
    [SUBSCRIBE_RESULT.epoch, epoch],
    [SUBSCRIBE_RESULT.recovered, recovered ?? false],
    [SUBSCRIBE_RESULT.offset, offset],
    [SUBSCRIBE_RESULT.positioned, true],
    [SUBSCRIBE_RESULT.was_recovering, recovered !== undefined],
  ];
}
