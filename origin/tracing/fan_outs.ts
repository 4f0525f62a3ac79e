/**
 * The span of a fan-out: from the commit being told until everything is handed to the bus.
 *
 * Invariant: one for each message, and none for any recipient. The decision knows nothing of it.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { Span, Tracing } from "shared/tracing/tracing.ts";
import type { Traceparent } from "shared/tracing/traceparent.ts";
import type { Decision } from "../fan_out/decide.ts";
import type { MessageTraces } from "./message_traces.ts";

export interface FanOutSpans {
  /** For what is published of the event. */
  of(gsid: Gsid): Traceparent | undefined;
  /** Everything is handed to the bus. */
  end(): void;
}

export type TraceFanOut = (
  gsids: readonly Gsid[],
  decision: Decision,
  agoMs: number,
) => FanOutSpans;

export function tracedFanOuts(
  { tracing, messages }: { tracing: Tracing; messages: MessageTraces },
): TraceFanOut {
  return (gsids, decision, agoMs) => {
    const startMs = tracing.nowMs() - agoMs;
    const spans = new Map<Gsid, Span>();
    for (const gsid of gsids) {
      const parent = messages.of(gsid);
      if (!parent) continue;
      const span = tracing.start("fan out", parent, { startMs });
      messages.reached(gsid, span.traceparent);
      spans.set(gsid, span);
    }
    return {
      of: (gsid) => spans.get(gsid)?.traceparent,
      end() {
        for (const [gsid, span] of spans) span.end({ gsid, ...countsOf(gsid, decision) });
      },
    };
  };
}

function countsOf(gsid: Gsid, { publications, pushes, pages }: Decision) {
  return {
    publications: publications.filter(({ live }) => live.gsid === gsid).length,
    pushes: pushes.filter((push) => push.gsid === gsid).length + (pages.includes(gsid) ? 1 : 0),
  };
}
