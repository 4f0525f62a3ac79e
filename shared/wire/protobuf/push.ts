/**
 * A publication on `inbox` as a Protobuf message: what is made once for each event.
 *
 * Invariant: the bytes are those that `encodeDelimited` would make of the same message, for less
 * than half of its price: the only message that is worth writing by hand.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Gsid } from "shared/gsid.ts";
import { PUBLICATION, PUSH, REPLY } from "./fields.ts";
import { tagOf, varintSize, WIRE_TYPE, writeVarint } from "./varint.ts";
import { allocate } from "./writer.ts";

const { delimited, varint } = WIRE_TYPE;
const PUSH_TAG = tagOf(REPLY.push, delimited);
const CHANNEL = Buffer.from([tagOf(PUSH.channel, delimited), 5, ...Buffer.from("inbox")]);
const PUB_TAG = tagOf(PUSH.pub, delimited);
const DATA_TAG = tagOf(PUBLICATION.data, delimited);
const OFFSET_TAG = tagOf(PUBLICATION.offset, varint);

/** `event` is JSON text. An offset of 0 is left out like none. */
export function encodePush(event: string, offset: Gsid = 0): Uint8Array {
  const dataBytes = Buffer.byteLength(event);
  const offsetBytes = offset === 0 ? 0 : 1 + varintSize(offset);
  const pubBytes = fieldSize(dataBytes) + offsetBytes;
  const pushBytes = CHANNEL.length + fieldSize(pubBytes);
  const replyBytes = fieldSize(pushBytes);

  const bytes = allocate(varintSize(replyBytes) + replyBytes);
  let at = writeVarint(bytes, 0, replyBytes);
  at = writeHead(bytes, at, PUSH_TAG, pushBytes);
  bytes.set(CHANNEL, at);
  at = writeHead(bytes, at + CHANNEL.length, PUB_TAG, pubBytes);
  at = writeHead(bytes, at, DATA_TAG, dataBytes);
  at += bytes.write(event, at);
  if (offset !== 0) writeHead(bytes, at, OFFSET_TAG, offset);
  return bytes;
}

/** Of a field with a tag of one byte, in front of so many bytes. */
function fieldSize(bytes: number): number {
  return 1 + varintSize(bytes) + bytes;
}

/** A tag of one byte, and the varint behind it. */
function writeHead(bytes: Uint8Array, at: number, tag: number, value: number): number {
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}
