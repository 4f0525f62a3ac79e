/**
 * Protobuf messages as bytes: a tree of fields is measured, then written into one buffer.
 *
 * Invariant: what is written is exactly as long as was measured, so that no byte of the buffer is
 * left as it was found. Fields go out in the order they stand in. Knows no message of the wire.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { tagOf, varintSize, WIRE_TYPE, writeVarint } from "./varint.ts";

/** Text is UTF-8 for a `string` and for a `bytes` field; numbers are integers from 0 to 2^53-1. */
export type Value = number | boolean | string | Message;
export type Message = readonly (readonly [field: number, value: Value])[];

/** A message behind its length. What is 0, false or empty text is left out, as proto3 has it. */
export function encodeDelimited(message: Message): Uint8Array {
  const sizes: number[] = [];
  const size = measure(message, sizes);
  const bytes = allocate(varintSize(size) + size);
  new Writer(bytes, sizes).message(message, writeVarint(bytes, 0, size));
  return bytes;
}

/**
 * Bytes that share their memory with nothing. Node's pool is quicker, but one small frame that waits
 * for a slow client would keep all 8 KiB of its slab, and the client's bound counts the frame alone.
 */
export function allocate(size: number): Buffer {
  return Buffer.allocUnsafeSlow(size);
}

/** The size of a message; those of the texts and messages in it are appended, outer ones first. */
function measure(message: Message, sizes: number[]): number {
  let total = 0;
  for (const [field, value] of message) {
    if (isDefault(value)) continue;
    total += varintSize(tagOf(field, WIRE_TYPE.varint));
    if (typeof value === "number") total += varintSize(value);
    else if (typeof value === "boolean") total += 1;
    else {
      const place = sizes.push(0) - 1;
      const size = typeof value === "string" ? Buffer.byteLength(value) : measure(value, sizes);
      sizes[place] = size;
      total += varintSize(size) + size;
    }
  }
  return total;
}

class Writer {
  readonly #bytes: Buffer;
  readonly #sizes: readonly number[];
  #nextSize = 0;

  constructor(bytes: Buffer, sizes: readonly number[]) {
    this.#bytes = bytes;
    this.#sizes = sizes;
  }

  /** Writes from `at` on, and tells where the message ends. */
  message(message: Message, at: number): number {
    for (const [field, value] of message) {
      if (!isDefault(value)) at = this.#field(field, value, at);
    }
    return at;
  }

  #field(field: number, value: Value, at: number): number {
    const bytes = this.#bytes;
    if (typeof value === "number" || typeof value === "boolean") {
      at = writeVarint(bytes, at, tagOf(field, WIRE_TYPE.varint));
      return writeVarint(bytes, at, Number(value));
    }
    at = writeVarint(bytes, at, tagOf(field, WIRE_TYPE.delimited));
    at = writeVarint(bytes, at, this.#sizes[this.#nextSize++]!);
    return typeof value === "string" ? at + bytes.write(value, at) : this.message(value, at);
  }
}

function isDefault(value: Value): boolean {
  return value === 0 || value === false || value === "";
}
