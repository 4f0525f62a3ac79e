import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { promtool } from "../services/prometheus.ts";
import type { Alert, Series } from "./alerts/alert.ts";
import { alertRules, ALERTS, runbookOf } from "./alerts/print.ts";
import { faultsIn, namesIn } from "./expression.ts";
import { registeredMetrics } from "./registered.ts";

const RULES = join(import.meta.dirname!, "alerts.yml");

Deno.test("alerts.yml is what the alerts print", async () => {
  assert.equal(await Deno.readTextFile(RULES), alertRules(), "see its first line");
});

Deno.test("promtool finds nothing wrong with the rules", async () => {
  const { success, printed } = await promtool("check", "rules", RULES);
  assert.ok(success, printed);
  assert.match(printed, new RegExp(`${ALERTS.length} rules found`));
});

Deno.test("every metric that an alert asks for is registered, as what it is used as", () => {
  const metrics = registeredMetrics();
  for (const { name, expr } of ALERTS) {
    assert.ok(namesIn(expr).length > 0, name);
    assert.deepEqual(faultsIn(expr, metrics), [], name);
  }
});

Deno.test("the cases of the alerts have labels that the metrics have", () => {
  const metrics = registeredMetrics();
  for (const { name, fires, quiet } of ALERTS) {
    for (const series of [...Object.keys(fires), ...Object.keys(quiet)]) {
      const found = metrics.find((metric) => series.startsWith(metric.name));
      const labels = [...series.matchAll(/(\w+)="/g)].map(([, label]) => label!);
      const known = [...found?.labels ?? [], "instance", "le"];
      assert.deepEqual(labels.filter((label) => !known.includes(label)), [], `${name}: ${series}`);
    }
  }
});

Deno.test("every alert fires in its case, says why, and not in the other", async () => {
  await using directory = await temporaryDirectory("alerts");
  const file = join(directory.path, "cases.json");
  const cases = ALERTS.flatMap((alert) => [
    caseOf(alert, alert.fires, [expected(alert)]),
    caseOf(alert, alert.quiet, []),
  ]);
  await Deno.writeTextFile(file, JSON.stringify({ rule_files: [RULES], tests: cases }));
  const { success, printed } = await promtool("test", "rules", file);
  assert.ok(success, printed);
});

function caseOf(alert: Alert, series: Series, exp_alerts: unknown[]) {
  return {
    name: alert.name,
    interval: "1m",
    input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
    alert_rule_test: [{ eval_time: "20m", alertname: alert.name, exp_alerts }],
  };
}

function expected({ name, severity, labels = {}, summary }: Alert) {
  const said = summary.replaceAll(/{{ \$labels\.(\w+) }}/g, (_, label) => labels[label] ?? "");
  return {
    exp_labels: { severity, ...labels },
    exp_annotations: { summary: said, runbook: runbookOf(name) },
  };
}
