/**
 * Protobuf's integers, and the tags that stand before fields.
 *
 * Invariant: `writeVarint` writes exactly `varintSize` bytes, for every integer from 0 to 2^53-1.
 *
 * @module
 */

/** How a field's value is laid out. Groups, 3 and 4, are long out of use. */
export const WIRE_TYPE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

export function tagOf(field: number, wireType: number): number {
  return field << 3 | wireType;
}

export function varintSize(value: number): number {
  let size = 1;
  for (; value >= 0x80; value /= 0x80) size++;
  return size;
}

/** Writes from `at` on, and tells where the varint ends. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  // Bit operations see 32 bits only, and an offset has 53.
  for (; value > 0x7fff_ffff; value = Math.floor(value / 0x80)) bytes[at++] = value % 0x80 | 0x80;
  for (; value >= 0x80; value >>>= 7) bytes[at++] = value & 0x7f | 0x80;
  bytes[at++] = value;
  return at;
}
