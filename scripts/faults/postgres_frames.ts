/**
 * The messages that Postgres and its clients exchange, taken out of a stream of bytes.
 *
 * Invariant: frames come whole and in order, however the stream was cut into pieces. Knows nothing
 * of TLS, which no connection on this machine uses.
 *
 * @module
 */

export interface PostgresFrame {
  /** One letter; empty for the first message of a client, which has none. */
  type: string;
  body: Uint8Array;
  /** As it was sent. */
  bytes: Uint8Array;
}

const LENGTH_BYTES = 4;

export class PostgresFrames {
  #rest: Uint8Array = new Uint8Array();
  #isFirstUntyped: boolean;

  constructor(side: "client" | "server") {
    this.#isFirstUntyped = side === "client";
  }

  /** What has become whole with these bytes. */
  take(bytes: Uint8Array): PostgresFrame[] {
    const frames: PostgresFrame[] = [];
    this.#rest = this.#rest.length === 0 ? bytes : join([this.#rest, bytes]);
    for (let frame; (frame = this.#next());) frames.push(frame);
    return frames;
  }

  #next(): PostgresFrame | undefined {
    const typeBytes = this.#isFirstUntyped ? 0 : 1;
    const headBytes = typeBytes + LENGTH_BYTES;
    if (this.#rest.length < headBytes) return;
    const { buffer, byteOffset } = this.#rest;
    // The length counts itself, but not the type before it.
    const end = typeBytes + new DataView(buffer, byteOffset).getUint32(typeBytes);
    if (this.#rest.length < end) return;
    const bytes = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    this.#isFirstUntyped = false;
    const type = typeBytes === 0 ? "" : String.fromCharCode(bytes[0]!);
    return { type, body: bytes.subarray(headBytes), bytes };
  }
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The texts at the beginning of a body, each of which ends with a zero. */
export function textsIn(body: Uint8Array, count: number): string[] {
  const texts: string[] = [];
  for (let from = 0; texts.length < count;) {
    const end = body.indexOf(0, from);
    texts.push(decoder.decode(body.subarray(from, end)));
    from = end + 1;
  }
  return texts;
}

const decoder = new TextDecoder();
