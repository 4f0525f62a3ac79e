/**
 * For tests of what is traced: spans that are kept instead of exported.
 *
 * @module
 */

import { beginTrace } from "./sample.ts";
import { type Traceparent, traceparentOf } from "./traceparent.ts";
import type { EndOptions, SpanFields, SpanName, Tracing } from "./tracing.ts";

export interface KeptSpan {
  name: SpanName;
  parent: Traceparent;
  traceparent: Traceparent;
  /** Left out: it has not ended. */
  end?: SpanFields & { failed?: true };
}

export interface KeptTracing extends Tracing {
  readonly spans: readonly KeptSpan[];
  advance(ms: number): void;
}

export function keptTracing(ratio = 1): KeptTracing {
  const spans: KeptSpan[] = [];
  let nowMs = 0;
  return {
    spans,
    advance: (ms) => void (nowMs += ms),
    nowMs: () => nowMs,
    begin: (sender, id) => typeof id === "string" ? beginTrace(sender, id, ratio) : undefined,
    start(name, parent) {
      const spanId = (spans.length + 1).toString(16).padStart(16, "0");
      const span: KeptSpan = {
        name,
        parent,
        traceparent: traceparentOf(parent.slice(3, 35), spanId),
      };
      spans.push(span);
      return {
        traceparent: span.traceparent,
        end(fields: SpanFields, { failed }: EndOptions = {}) {
          span.end = { ...fields, ...(failed && { failed }) };
        },
      };
    },
  };
}
