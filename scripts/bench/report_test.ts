import assert from "node:assert/strict";
import { parseStat } from "./cpu.ts";
import { latencyOf } from "./quantiles.ts";
import { faultsOf, type Outcome, summaryOf, tableOf } from "./report.ts";
import { QUICK } from "./scenario.ts";

const LATENCY = { n: 1, p50: 1, p99: 2, max: 3 };
const GOOD: Outcome = {
  scenario: QUICK[2]!,
  figures: {
    ms: 2000,
    acks: 100,
    deliveries: 30_000,
    ack: LATENCY,
    delivery: LATENCY,
    loadCpuUs: 5000,
  },
  totals: { acks: 120, deliveries: 36_000, repeats: 0, failures: 0, lost: 0 },
  rows: 120,
  cpuUs: { edge: 30_000, origin: 10_000 },
};

Deno.test("faultsOf() finds none when every row was acknowledged and reached every member", () => {
  assert.deepEqual(faultsOf(GOOD), []);
});

Deno.test("faultsOf() names what was lost, doubled or made up", () => {
  const faults = (changed: Partial<Outcome["totals"]>, rows = GOOD.rows) =>
    faultsOf({ ...GOOD, rows, totals: { ...GOOD.totals, ...changed } });
  assert.deepEqual(faults({ acks: 119 }), ["120 rows but 119 acks"]);
  assert.deepEqual(faults({ deliveries: 35_999 }), ["35999 deliveries instead of 36000"]);
  assert.deepEqual(faults({ repeats: 1 }), ["1 delivered twice"]);
  assert.equal(faults({ failures: 2, lost: 3 }).length, 2);
  assert.equal(faults({}, 121).length, 2);
});

Deno.test("summaryOf() counts what was measured per second, message and delivery", () => {
  const summary = summaryOf(GOOD);
  assert.equal(summary.messages_per_s, 50);
  assert.equal(summary.deliveries_per_s, 15_000);
  assert.deepEqual(summary.cpu_us_per_message, { edge: 300, origin: 100 });
  assert.equal(summary.cpu_us_per_delivery, 1.33);
});

Deno.test("tableOf() says yes or what is wrong, a line a scenario", () => {
  const lines = tableOf([GOOD, { ...GOOD, rows: 119 }]).split("\n");
  assert.equal(lines.length, 3);
  assert.match(lines[1]!, /^group of 300 .* yes$/);
  assert.match(lines[2]!, /NO: 119 rows but 120 acks/);
});

Deno.test("latencyOf() takes quantiles of what it is given", () => {
  const samples = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual(latencyOf(samples), { n: 100, p50: 51, p99: 100, max: 100 });
  assert.deepEqual(latencyOf([]), { n: 0, p50: 0, p99: 0, max: 0 });
});

Deno.test("parseStat() is not confused by a program's name", () => {
  const stat = "7 (a (b) c d) S 1 7 7 0 -1 4194560 1 2 3 4 50 20 6 3 20 0 1 0 99 1 1";
  assert.deepEqual(parseStat(7, stat), { pid: 7, parent: 1, ticks: 70, reapedTicks: 9 });
});
