/**
 * One event on its way to any number of connections.
 *
 * Invariant: it is encoded at most once per wire format, however many sockets it goes to, and its
 * offset is the one that held when the hub was handed it. Knows nothing of who receives it.
 *
 * @module
 */

import type { Live } from "shared/bus/live.ts";
import type { Gsid } from "shared/gsid.ts";
import type { TopicKey } from "shared/topic.ts";
import type { Codec, Frame } from "shared/wire/codec.ts";

export class Publication {
  readonly gsid: Gsid;
  /** The resume cursor it carries: resuming from it misses nothing. `undefined`: none. */
  readonly offset: Gsid | undefined;
  /** The topic it was handed on. */
  readonly topic: TopicKey;
  readonly #data: string;
  #json: Frame | undefined;
  #protobuf: Frame | undefined;

  constructor(live: Live, topic: TopicKey, offset: Gsid | undefined) {
    this.gsid = live.gsid;
    this.topic = topic;
    this.offset = offset;
    this.#data = live.data;
  }

  /** About how many bytes it takes in a buffer. */
  get size(): number {
    return this.#data.length;
  }

  toString(): string {
    return `${this.gsid}@${this.offset} ${this.topic}`;
  }

  frame(codec: Codec): Frame {
    if (codec.format === "json") return this.#json ??= codec.push(this.#data, this.offset);
    return this.#protobuf ??= codec.push(this.#data, this.offset);
  }
}
