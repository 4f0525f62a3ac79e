import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { countEvents } from "edge/metrics.ts";
import { countAudit } from "origin/audit/measures.ts";
import { createInstruments } from "origin/metrics.ts";
import { metricsTable } from "./metrics.ts";
import { registeredMetrics } from "./registered.ts";

const DOCUMENT = new URL("METRICS.md", import.meta.url);

Deno.test("the table of metrics says what the programs register", async () => {
  assert.equal(
    bare(await Deno.readTextFile(DOCUMENT)),
    bare(metricsTable()),
    "see the last line of METRICS.md",
  );
});

Deno.test("a metric is named by its part and its unit, and is no summary", () => {
  for (const { name, type, help } of registeredMetrics()) {
    assert.match(name, /^fanfare_(edge|origin|push|process|build)_[a-z_]+$/);
    assert.ok(["counter", "gauge", "histogram"].includes(type), `${name} is a ${type}`);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.ok(help.length > 10, `${name} says what it is`);
  }
});

Deno.test("no metric has a label of which there are many", () => {
  for (const { name, labels } of registeredMetrics()) {
    for (const label of labels) assert.doesNotMatch(label, /user|group|device|topic|token/, name);
  }
});

Deno.test("every counter is there at 0 before anything happened, but for words of a provider's", async () => {
  const registry = new Registry();
  countEvents(registry, () => 0);
  createInstruments(registry);
  countAudit(registry, () => () => {});
  const counters = (await registry.getMetricsAsJSON()).filter(({ name }) => /_total$/.test(name));
  assert.ok(counters.length > 30);
  const absent = counters.filter(({ values }) => values.length === 0).map(({ name }) => name);
  assert.deepEqual(absent, ["fanfare_origin_push_jobs_ended_total"]);
  for (const { name, values } of counters) {
    assert.ok(values.every(({ value }) => value === 0), name);
    assert.ok(values.length <= 30, `${name} begins with ${values.length} lines`);
  }
});

/** Without what the formatter may change: the widths of columns. */
function bare(markdown: string): string {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) => line.replaceAll(/ +|-{3,}/g, "")).join("\n");
}
