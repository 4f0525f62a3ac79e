/**
 * Where the traced messages are on their way through this origin: the last span of each.
 *
 * Invariant: only what is traced is kept here, so with tracing off it is empty; bounded by count. A
 * message that is forgotten, or was committed by another origin, goes on from its own id.
 *
 * @module
 */

import { LRUCache } from "lru-cache";
import type { Gsid } from "shared/gsid.ts";
import type { Traceparent } from "shared/tracing/traceparent.ts";

export const MAX_TRACED = 10_000;
/** Of one message: a large group has as many pushes as members. */
export const MAX_PUSH_SPANS = 16;

interface Traced {
  last: Traceparent;
  pushes: number;
}

export class MessageTraces {
  readonly #traced = new LRUCache<Gsid, Traced>({ max: MAX_TRACED });

  get size(): number {
    return this.#traced.size;
  }

  of(gsid: Gsid): Traceparent | undefined {
    return this.#traced.get(gsid)?.last;
  }

  reached(gsid: Gsid, last: Traceparent): void {
    const pushes = this.#traced.get(gsid)?.pushes ?? 0;
    this.#traced.set(gsid, { last, pushes });
  }

  /** Whether one more push of the message may have a span. */
  countPush(gsid: Gsid): boolean {
    const traced = this.#traced.get(gsid);
    return traced !== undefined && ++traced.pushes <= MAX_PUSH_SPANS;
  }
}
