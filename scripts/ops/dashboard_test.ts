import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { promtool } from "../services/prometheus.ts";
import { ALERTS } from "./alerts/print.ts";
import { dashboardJson, filledIn, ROWS } from "./dashboard.ts";
import { faultsIn, namesIn } from "./expression.ts";
import { registeredMetrics } from "./registered.ts";

const FILE = join(import.meta.dirname!, "grafana_dashboard.json");
const PANELS = ROWS.flatMap(({ panels }) => panels);
const EXPRESSIONS = PANELS.flatMap(({ queries }) => queries.map(({ expr }) => expr));

Deno.test("grafana_dashboard.json is what dashboard.ts prints", async () => {
  assert.equal(await Deno.readTextFile(FILE), dashboardJson());
});

Deno.test("the dashboard has the rows that an operator looks for, and each panel once", () => {
  assert.deepEqual(ROWS.map(({ title }) => title), [
    ...["Overview", "Delivery latency", "Connections", "Slow clients and resume"],
    ...["Origin commits", "Fan-out and auditors", "Push", "Bus", "Bounds", "Runtime"],
  ]);
  const { panels } = JSON.parse(dashboardJson()) as { panels: { id: number; title: string }[] };
  assert.equal(panels.length, ROWS.length + PANELS.length);
  for (const key of ["id", "title"] as const) {
    assert.equal(new Set(panels.map((panel) => panel[key])).size, panels.length, key);
  }
});

Deno.test("every metric of a panel is registered, as what it is used as, with those labels", () => {
  const metrics = registeredMetrics();
  for (const expression of EXPRESSIONS) {
    assert.deepEqual(faultsIn(expression, metrics), [], expression);
    const named = namesIn(expression).map((name) => name.replace(/_(bucket|count|sum)$/, ""));
    const found = metrics.filter(({ name }) => named.includes(name));
    const known = ["job", "instance", "le", ...found.flatMap(({ labels }) => labels)];
    for (const [, list, label] of expression.matchAll(/by \(([^)]+)\)|(\w+)=~?"/g)) {
      for (const one of list?.split(", ") ?? [label!]) assert.ok(known.includes(one), expression);
    }
  }
});

Deno.test("what an alert takes the least or the most of, a panel takes the same of", () => {
  const taken = (expression: string) =>
    [...expression.matchAll(/\b(min|max)(?: by \([^)]+\))? ?\((fanfare_\w+)/g)]
      .map(([, which, metric]) => [metric!, which!] as const);
  const byAlerts = new Map(ALERTS.flatMap(({ expr }) => taken(expr)));
  const both = EXPRESSIONS.flatMap(taken).filter(([metric]) => byAlerts.has(metric));
  assert.ok(both.length > 0);
  for (const [metric, which] of both) assert.equal(which, byAlerts.get(metric), metric);
});

Deno.test("every query is of the jobs and instances that are chosen", () => {
  for (const expression of EXPRESSIONS) {
    const narrowed = expression.match(/\{job=~"\$job",instance=~"\$instance"/g);
    assert.equal(narrowed?.length, expression.match(/\bfanfare_\w+/g)!.length, expression);
  }
});

Deno.test("promtool can read every query", async () => {
  await using directory = await temporaryDirectory("dashboard");
  const file = join(directory.path, "queries.json");
  const rules = EXPRESSIONS.map((expr, index) => ({ record: `q${index}`, expr: filledIn(expr) }));
  await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
  const { success, printed } = await promtool("check", "rules", file);
  assert.ok(success, printed);
});
