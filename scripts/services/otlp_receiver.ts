/**
 * A collector of traces for tests: OpenTelemetry's protocol over HTTP, in its JSON form.
 *
 * Invariant: what a program exports is kept as it came; whatever else than traces it sends is
 * answered and counted for nothing.
 *
 * @module
 */

export interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  scope: string;
  startMs: number;
  endMs: number;
  attributes: Record<string, string | number | boolean>;
  failed: boolean;
}

export interface OtlpReceiver extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** All that came, as text. */
  text(): string;
  /** What a program needs in its environment to export here soon, and its messages' spans only. */
  readonly environment: Readonly<Record<string, string>>;
}

export function startOtlpReceiver(): OtlpReceiver {
  const spans: ReceivedSpan[] = [];
  let received = "";
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const text = await request.text();
    received += text;
    if (new URL(request.url).pathname === "/v1/traces") spans.push(...readSpans(text));
    return Response.json({});
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    url,
    spans,
    text: () => received,
    environment: {
      OTEL_DENO: "true",
      OTEL_DENO_METRICS: "false",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_TRACES_SAMPLER: "parentbased_always_off",
      OTEL_PROPAGATORS: "none",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

interface Exported {
  resourceSpans: { scopeSpans: { scope?: { name: string }; spans: ExportedSpan[] }[] }[];
}

interface ExportedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: { key: string; value: Record<string, string | number | boolean> }[];
  status?: { code?: number };
}

const FAILED = 2;
const NS_PER_MS = 1e6;

function readSpans(text: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(text) as Exported;
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => readSpan(span, scope?.name ?? "")))
  );
}

function readSpan(span: ExportedSpan, scope: string): ReceivedSpan {
  const { name, traceId, spanId, parentSpanId = "", attributes = [], status } = span;
  return {
    name,
    traceId,
    spanId,
    parentSpanId,
    scope,
    startMs: Number(span.startTimeUnixNano) / NS_PER_MS,
    endMs: Number(span.endTimeUnixNano) / NS_PER_MS,
    attributes: Object.fromEntries(
      attributes.map(({ key, value }) => [key, Object.values(value)[0]!]),
    ),
    failed: status?.code === FAILED,
  };
}
