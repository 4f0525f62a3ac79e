import assert from "node:assert/strict";
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

/** Without what the formatter may change: the widths of columns. */
function bare(markdown: string): string {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) => line.replaceAll(/ +|-{3,}/g, "")).join("\n");
}
