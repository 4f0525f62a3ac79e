/**
 * Listening to the digests of a system, as its operator.
 *
 * Invariant: it judges nothing; what it tells is what came, and when.
 *
 * @module
 */

import type { NatsConnection } from "@nats-io/transport-node";
import { ANNOUNCE, decodeMessage, type Digest } from "shared/bus/requests.ts";
import { monotonicClock } from "./history/clock.ts";
import { connectAsOperator } from "../dev/nats_operator.ts";
import type { State } from "../dev/state.ts";
import type { Span } from "./history/latency.ts";

interface Heard {
  at: number;
  after: number;
  upto: number;
  topics: number;
  bytes: number;
}

export class DigestWatch implements AsyncDisposable {
  readonly #connection: NatsConnection;
  readonly #heard: Heard[] = [];

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  static async start(state: State): Promise<DigestWatch> {
    const watch = new DigestWatch(await connectAsOperator(state, { maxReconnectAttempts: -1 }));
    watch.#connection.subscribe(ANNOUNCE.digest, {
      callback: (_error, { data }) => watch.#hear(data),
    });
    await watch.#connection.flush();
    return watch;
  }

  /** The longest time without a digest. */
  longestGapMs({ from, to }: Span): number {
    const times = this.#within({ from, to }).map(({ at }) => at);
    return [...times, to].reduce(
      ({ gap, last }, at) => ({ gap: Math.max(gap, at - last), last: at }),
      { gap: 0, last: from },
    ).gap;
  }

  /** What lies between two digests and none tells of: the edges have to ask. */
  holes({ from, to }: Span): number {
    let told = 0, holes = 0;
    for (const { after, upto } of this.#within({ from, to })) {
      if (told > 0 && after > told) holes++;
      told = Math.max(told, upto);
    }
    return holes;
  }

  /** Of all that were heard. */
  get sizes(): { topics: number[]; bytes: number[] } {
    return {
      topics: this.#heard.map(({ topics }) => topics),
      bytes: this.#heard.map(({ bytes }) => bytes),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }

  #hear(data: Uint8Array): void {
    const { after, upto, topics } = decodeMessage<Digest>(data);
    const at = monotonicClock.now();
    this.#heard.push({ at, after, upto, topics: topics.length, bytes: data.length });
  }

  #within({ from, to }: Span): Heard[] {
    return this.#heard.filter(({ at }) => from <= at && at < to);
  }
}
