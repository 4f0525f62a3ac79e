import assert from "node:assert/strict";
import { backOffMs } from "./back_off.ts";
import type { CrowdState, CrowdTotals } from "./orders.ts";
import { crowdFigures, steadyFigures } from "./window.ts";

const NOTHING: CrowdTotals = {
  connects: 0,
  notRecovered: 0,
  upgradesRefused: 0,
  unreachable: 0,
  connectsRefused: 0,
  timedOut: 0,
  final: 0,
};

function line(atMs: number, connected: number, totals: Partial<CrowdTotals> = {}): CrowdState {
  return { atMs, connected, totals: { ...NOTHING, ...totals } };
}

Deno.test("crowdFigures() counts what happened within, from what stood before", () => {
  const lines = [
    line(0, 10, { connects: 10, upgradesRefused: 5 }),
    line(1_100, 2, { connects: 10, upgradesRefused: 5 }),
    line(1_600, 6, { connects: 14, upgradesRefused: 6 }),
    line(2_700, 10, { connects: 18, upgradesRefused: 8 }),
    line(9_000, 10, { connects: 99, upgradesRefused: 99 }),
  ];
  const figures = crowdFigures("kill", lines, { fromMs: 1_000, toMs: 3_000 });
  assert.equal(figures.kill_back_max_ms, 2_000);
  assert.equal(figures.kill_down_max, 8);
  assert.equal(figures.kill_reconnects, 8);
  assert.equal(figures.kill_reconnects_per_s_max, 4);
  assert.equal(figures.kill_upgrades_refused, 3);
});

Deno.test("steadyFigures() takes the answers of the window alone, and counts refusals", () => {
  const samples = [
    { atMs: 1, ackMs: 900 },
    ...Array.from({ length: 10 }, (_, i) => ({ atMs: 10 + i, ackMs: 1 + i })),
    { atMs: 15, error: "100 internal server error" },
    { atMs: 99, ackMs: 900 },
  ];
  const figures = steadyFigures("calm", samples, { fromMs: 9, toMs: 50 });
  assert.deepEqual(figures, {
    calm_send_p50_ms: 6,
    calm_send_p99_ms: 10,
    calm_send_max_ms: 10,
    calm_sends_refused: 1,
  });
});

Deno.test("a window in which nothing was seen says nothing that could pass for good", () => {
  const window = { fromMs: 9, toMs: 50 };
  assert.deepEqual(crowdFigures("kill", [line(0, 10)], window), {});
  assert.deepEqual(steadyFigures("kill", [], window), { kill_sends_refused: 0 });
});

Deno.test("backOffMs() is spread over its whole span, which doubles, and ends at the most", () => {
  assert.deepEqual([backOffMs(0, 0), backOffMs(0, 0.5), backOffMs(0, 0.999)], [500, 750, 999]);
  assert.deepEqual([backOffMs(3, 0), backOffMs(3, 0.5)], [500, 2_500]);
  assert.equal(backOffMs(40, 0.99), 20_000);
});
