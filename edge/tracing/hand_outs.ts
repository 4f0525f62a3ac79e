/**
 * The span of a hand-out: from an event's arrival at an edge until the last of its subscriptions
 * has it.
 *
 * Invariant: one for each event and edge, however many recipients it has there. What is read because
 * it was missed has one as well, of the message's own id, for nothing travelled with it. Bounded by
 * count.
 *
 * @module
 */

import { LRUCache } from "lru-cache";
import type { BusMessage } from "shared/bus/bus.ts";
import { gsidOfLive, type Live } from "shared/bus/live.ts";
import type { Gsid } from "shared/gsid.ts";
import type { Turns } from "shared/turns.ts";
import { namesIn } from "shared/tracing/names.ts";
import type { Traceparent } from "shared/tracing/traceparent.ts";
import type { Span, Tracing } from "shared/tracing/tracing.ts";
import type { HubDeps, Source } from "../hub/hub.ts";

export interface HandOutDeps {
  tracing: Tracing;
  turns: Pick<Turns, "later">;
}

/** Events of which it is remembered that they are traced here. */
export const MAX_TRACED = 2_000;
/** Subscriptions on one edge are handed an event at about the same time; later ones do not count. */
const GATHER_MS = 1_000;

interface HandOut {
  parent: Traceparent;
  span?: Span;
  source?: Source;
  handOuts: number;
  /** When it was handed out last; before that, when it arrived. */
  lastMs: number;
  ended: boolean;
  cancel?: () => void;
}

export class HandOutTraces {
  readonly #deps: HandOutDeps;
  readonly #known = new LRUCache<Gsid, HandOut>({
    max: MAX_TRACED,
    dispose: (handOut, gsid) => this.#end(gsid, handOut),
  });

  constructor(deps: HandOutDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The same hub, seen by this. */
  watch({ subscribe, events, ...deps }: HubDeps): HubDeps {
    return {
      ...deps,
      subscribe: (subject, handle) =>
        subscribe(subject, (message) => {
          this.#heard(message);
          handle(message);
        }),
      events: {
        ...events,
        handed: (live, source) => {
          events.handed(live, source);
          this.#handed(live, source);
        },
      },
    };
  }

  /** Ends what is under way. */
  stop(): void {
    this.#known.clear();
  }

  #heard({ traceparent, data }: BusMessage): void {
    if (traceparent === undefined) return;
    const gsid = gsidOfLive(data);
    if (gsid !== undefined && !this.#known.has(gsid)) this.#note(gsid, traceparent);
  }

  #note(gsid: Gsid, parent: Traceparent): HandOut {
    const { tracing } = this.#deps;
    const handOut: HandOut = { parent, handOuts: 0, lastMs: tracing.nowMs(), ended: false };
    this.#known.set(gsid, handOut);
    return handOut;
  }

  #handed(live: Live, source: Source): void {
    const { gsid } = live;
    const handOut = this.#known.get(gsid) ?? (source === "live" ? undefined : this.#missed(live));
    if (!handOut || handOut.ended) return;
    const { tracing, turns } = this.#deps;
    const nowMs = tracing.nowMs();
    if (!handOut.span) {
      // What arrived is noted just before it is handed out, unless a change of membership holds it.
      handOut.span = tracing.start("hand out", handOut.parent, { startMs: handOut.lastMs });
      handOut.source = source;
      handOut.cancel = turns.later(() => this.#end(gsid, handOut), GATHER_MS);
    }
    handOut.handOuts++;
    handOut.lastMs = nowMs;
  }

  #missed(live: Live): HandOut | undefined {
    const { from, id } = namesIn(live.data);
    if (typeof from !== "string") return;
    const begin = this.#deps.tracing.begin(from, id);
    return begin && this.#note(live.gsid, begin);
  }

  #end(gsid: Gsid, handOut: HandOut): void {
    if (handOut.ended) return;
    handOut.ended = true;
    handOut.cancel?.();
    const { span, handOuts, lastMs, source } = handOut;
    span?.end({ gsid, handOuts, ...(source && { source }) }, { endMs: lastMs });
  }
}
