import assert from "node:assert/strict";
import { faultsIn } from "./expression.ts";
import type { MetricType, RegisteredMetric } from "./registered.ts";

const metric = (name: string, type: MetricType): RegisteredMetric => ({
  name,
  type,
  labels: [],
  help: "",
  parts: ["edge"],
});
const METRICS = [
  metric("fanfare_edge_users", "gauge"),
  metric("fanfare_edge_connects_total", "counter"),
  metric("fanfare_edge_wait_seconds", "histogram"),
];

Deno.test("an expression may ask for what is registered, as what it is", () => {
  for (
    const expression of [
      "sum(fanfare_edge_users) > 3",
      'sum(rate(fanfare_edge_connects_total{result="live"}[5m]))',
      "histogram_quantile(0.9, sum by (le) (rate(fanfare_edge_wait_seconds_bucket[5m])))",
      "fanfare_edge_wait_seconds_sum / fanfare_edge_wait_seconds_count",
    ]
  ) assert.deepEqual(faultsIn(expression, METRICS), [], expression);
});

Deno.test("a name that nobody registers, or a use that its type does not allow, is a fault", () => {
  for (
    const [expression, fault] of [
      ["fanfare_edge_user", "fanfare_edge_user is not registered"],
      ["fanfare_edge_users_count", "fanfare_edge_users_count is not registered"],
      ["rate(fanfare_edge_wait_seconds[5m])", "fanfare_edge_wait_seconds is a histogram"],
      [
        "fanfare_edge_connects_total > 1",
        "fanfare_edge_connects_total is a counter, used as a gauge",
      ],
      ["rate(fanfare_edge_users[5m])", "fanfare_edge_users is a gauge, used as a counter"],
    ]
  ) assert.deepEqual(faultsIn(expression!, METRICS), [fault]);
});
