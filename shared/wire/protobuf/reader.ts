/**
 * A Protobuf message read field by field, out of bytes that anybody may have sent.
 *
 * Invariant: no read passes the end of its message, and a length costs nothing until the bytes it
 * promises are known to be there; whatever is wrong is a `BadFrame`. Knows no message of the wire.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { BadFrame } from "shared/wire/codec.ts";
import { WIRE_TYPE } from "./varint.ts";

/** A varint holds 64 bits, seven in a byte. */
const MAX_VARINT_BYTES = 10;
const MAX_TAG = 0xffff_ffff;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

export class Reader {
  /** The number of the field that `next` has found, and that is to be read or skipped now. */
  field = 0;
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #wireType: number = WIRE_TYPE.varint;

  private constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  static of(bytes: Uint8Array): Reader {
    const buffer = bytes instanceof Buffer
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Reader(buffer, 0, buffer.length);
  }

  /** Whether everything has been read. */
  get isDone(): boolean {
    return this.#at === this.#end;
  }

  /** Goes to the next field; false at the end of the message. */
  next(): boolean {
    if (this.isDone) return false;
    const tag = this.#varint();
    if (tag < 8 || tag > MAX_TAG) throw new BadFrame("a field must have a number");
    this.field = tag >>> 3;
    this.#wireType = tag & 7;
    return true;
  }

  /** An unsigned integer; beyond 2^53 it is not exact, and still beyond 2^53. */
  uint(name: string): number {
    this.#expect(WIRE_TYPE.varint, name);
    return this.#varint();
  }

  bool(name: string): boolean {
    return this.uint(name) !== 0;
  }

  /** UTF-8, of a `string` or of a `bytes` field. */
  text(name: string): string {
    this.#expect(WIRE_TYPE.delimited, name);
    const [start, end] = this.#delimited();
    const text = this.#bytes.toString("utf8", start, end);
    // Twice as fast as the strict decoder, which is left to judge the few texts with this mark.
    if (text.includes("\ufffd")) this.#assertUtf8(start, end, name);
    return text;
  }

  message(name: string): Reader {
    this.#expect(WIRE_TYPE.delimited, name);
    return this.delimited();
  }

  /** A message behind its length alone, without a field's number. */
  delimited(): Reader {
    const [start, end] = this.#delimited();
    return new Reader(this.#bytes, start, end);
  }

  /** Passes over a field that means nothing to us. */
  skip(): void {
    switch (this.#wireType) {
      case WIRE_TYPE.varint:
        this.#varint();
        return;
      case WIRE_TYPE.delimited:
        this.#delimited();
        return;
      case WIRE_TYPE.fixed64:
        return this.#pass(8);
      case WIRE_TYPE.fixed32:
        return this.#pass(4);
      default:
        throw new BadFrame(`a field must not have the wire type ${this.#wireType}`);
    }
  }

  #expect(wireType: number, name: string): void {
    if (this.#wireType === wireType) return;
    const kind = wireType === WIRE_TYPE.varint ? "a varint" : "length-delimited";
    throw new BadFrame(`${name} must be ${kind}`);
  }

  #varint(): number {
    let value = 0, unit = 1;
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      if (this.isDone) throw new BadFrame("a varint must end within its message");
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    throw new BadFrame(`a varint must be at most ${MAX_VARINT_BYTES} bytes`);
  }

  #delimited(): [start: number, end: number] {
    const length = this.#varint(), start = this.#at;
    this.#pass(length);
    return [start, this.#at];
  }

  #pass(bytes: number): void {
    if (bytes > this.#end - this.#at) {
      throw new BadFrame("a length must not pass the end of what it is in");
    }
    this.#at += bytes;
  }

  #assertUtf8(start: number, end: number, name: string): void {
    try {
      strictUtf8.decode(this.#bytes.subarray(start, end));
    } catch (cause) {
      throw new BadFrame(`${name} must be UTF-8`, { cause });
    }
  }
}
