import assert from "node:assert/strict";
import { Registry } from "prom-client";
import type { Live } from "shared/bus/live.ts";
import { gsidAt } from "shared/gsid.ts";
import { CLOSES, ERRORS } from "shared/wire/codes.ts";
import { countEvents } from "./metrics.ts";

const NOW_MS = Date.parse("2026-03-01T12:00:00Z");
const committed = (ms: number): Live => ({
  kind: "event",
  gsid: gsidAt(ms),
  membership: 0,
  data: "{}",
});

function counting() {
  const registry = new Registry();
  const events = countEvents(registry, () => NOW_MS);
  const has = async (line: string) =>
    assert.ok((await registry.metrics()).split("\n").includes(line), line);
  return { events, has };
}

Deno.test("the delivery latency goes from the commit to now, by what brought the event", async () => {
  const { events, has } = counting();
  events.handed(committed(NOW_MS - 20), "live");
  events.handed(committed(NOW_MS - 40), "live");
  events.handed(committed(NOW_MS - 3_000), "digest");
  await has('fanfare_edge_delivery_latency_seconds_sum{by="live"} 0.06');
  await has('fanfare_edge_delivery_latency_seconds_count{by="live"} 2');
  await has('fanfare_edge_delivery_latency_seconds_sum{by="digest"} 3');
  await has('fanfare_edge_healed_total{by="digest"} 1');
});

Deno.test("a clock that is behind the database's counts as no latency", async () => {
  const { events, has } = counting();
  events.handed(committed(NOW_MS + 50), "live");
  await has('fanfare_edge_delivery_latency_seconds_sum{by="live"} 0');
});

Deno.test("a call that fails is counted by its method and its code, and timed as well", async () => {
  const { events, has } = counting();
  events.answered("send", ERRORS.internal.code, 250);
  events.answered("send", undefined, 250);
  events.answered("a word of a client's", ERRORS.methodNotFound.code, 1);
  await has('fanfare_edge_call_errors_total{method="send",code="100"} 1');
  await has('fanfare_edge_call_errors_total{method="other",code="104"} 1');
  await has('fanfare_edge_command_duration_seconds_count{method="send"} 2');
});

Deno.test("how long a connection lasted is told when it ends", async () => {
  const { events, has } = counting();
  events.closed(CLOSES.slow.code, 90_000);
  await has('fanfare_edge_connection_duration_seconds_bucket{le="60"} 0');
  await has('fanfare_edge_connection_duration_seconds_bucket{le="300"} 1');
  await has("fanfare_edge_slow_closes_total 1");
});

Deno.test("a code that a client makes up to close with makes no line of its own", async () => {
  const { events, has } = counting();
  events.closed(4321, 1);
  events.closed(3999, 1);
  await has('fanfare_edge_disconnects_total{code="other"} 2');
});
