/**
 * Tracing by OpenTelemetry's API, whose spans the Deno runtime exports.
 *
 * Invariant: every span names its parent itself; none is ever made the current one, so that neither
 * the runtime's own spans of requests become part of a message's trace, nor it of theirs.
 *
 * @module
 */

import {
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import type { Log } from "shared/log.ts";
import { VERSION } from "shared/version.ts";
import { beginTrace } from "./sample.ts";
import { spanIdOf, traceIdOf, type Traceparent, traceparentOf } from "./traceparent.ts";
import type { EndOptions, Span, SpanFields, SpanName, SpanOptions, Tracing } from "./tracing.ts";

export interface TracingOptions {
  /** What operators call this replica. */
  name: string;
  /** Of the messages, from 0 to 1. */
  ratio: number;
  /** Wall clock, ms since 1970, finer than a millisecond. */
  nowMs(): number;
  log: Log;
}

const SCOPE = "fanfare";
const KINDS: Readonly<Record<SpanName, SpanKind>> = {
  "send": SpanKind.SERVER,
  "commit": SpanKind.SERVER,
  "fan out": SpanKind.PRODUCER,
  "hand out": SpanKind.CONSUMER,
  "push": SpanKind.INTERNAL,
  "fcm": SpanKind.CLIENT,
  "apns": SpanKind.CLIENT,
};
/** Any: it is asked what the runtime would do with it, and never ends. */
const PROBE = traceparentOf("1".repeat(32), "1".repeat(16));

/** `undefined`: no message is traced, and tracing costs nothing. */
export function openTracing(options: TracingOptions): Tracing | undefined {
  const { name, ratio, nowMs, log } = options;
  if (ratio === 0) return;
  const tracer = trace.getTracer(SCOPE, VERSION);
  if (!tracer.startSpan("probe", {}, contextOf(PROBE)).isRecording()) {
    log.warning("Messages are traced, and nobody exports it", { see: "OTEL_DENO=true" });
  }
  return {
    nowMs,
    begin: (sender, id) => typeof id === "string" ? beginTrace(sender, id, ratio) : undefined,
    start(what, parent, { startMs: startTime = nowMs() }: SpanOptions = {}): Span {
      const attributes = { name };
      const span = tracer.startSpan(
        what,
        { kind: KINDS[what], startTime, attributes },
        contextOf(parent),
      );
      const { traceId, spanId } = span.spanContext();
      return {
        traceparent: traceparentOf(traceId, spanId),
        end(fields: SpanFields, { endMs = nowMs(), failed = false }: EndOptions = {}) {
          span.setAttributes(attributesOf(fields));
          if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end(endMs);
          const line = { ...fields, trace: traceId, step: what };
          if (failed) log.warning("A message that is traced failed", line);
          else log.debug("A message is traced", line);
        },
      };
    },
  };
}

/**
 * Left to itself the runtime exports every HTTP request as well, with its address; and an address of
 * APNs is a push token. It also takes part in the traces of whoever asks or is asked. Says what is to
 * be set against that; nothing when the runtime exports no spans at all.
 */
export function faultsOfSpans(): string[] {
  const faults: string[] = [];
  const stray = trace.getTracer(SCOPE).startSpan("probe", { root: true });
  if (stray.spanContext().traceFlags & TraceFlags.SAMPLED) {
    faults.push(
      "OTEL_TRACES_SAMPLER must be parentbased_always_off: else the addresses of requests are " +
        "exported, and with them push tokens",
    );
  }
  if (propagation.fields().length > 0) {
    faults.push("OTEL_PROPAGATORS must be none: else clients decide what is exported");
  }
  return faults;
}

function contextOf(parent: Traceparent) {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(parent),
    spanId: spanIdOf(parent),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}

/** A gsid as text: as a number it would be shown rounded. */
function attributesOf({ gsid, ...fields }: SpanFields) {
  return { ...fields, ...(gsid !== undefined && { gsid: String(gsid) }) };
}
