import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { countersIn } from "./counters.ts";

async function shown(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split("\n").filter((line) => line && !line.startsWith("#"));
}

Deno.test("every combination of known labels is there at 0, before anything happened", async () => {
  const registry = new Registry();
  const counter = countersIn(registry, "fanfare_edge_");
  const failed = counter("failed_total", "What failed", { what: ["read", "write"], code: [1, 2] });
  counter("lost_total", "What was lost");
  assert.deepEqual(await shown(registry), [
    'fanfare_edge_failed_total{what="read",code="1"} 0',
    'fanfare_edge_failed_total{what="read",code="2"} 0',
    'fanfare_edge_failed_total{what="write",code="1"} 0',
    'fanfare_edge_failed_total{what="write",code="2"} 0',
    "fanfare_edge_lost_total 0",
  ]);
  failed.inc({ what: "read", code: 2 });
  assert.ok((await shown(registry)).includes('fanfare_edge_failed_total{what="read",code="2"} 1'));
});

Deno.test("a label of which nothing is known makes no series until it is counted", async () => {
  const registry = new Registry();
  const unknown: string[] = [];
  const counter = countersIn(registry, "");
  const ended = counter("ended_total", "What ended", { outcome: ["dead"], reason: unknown });
  assert.deepEqual(await shown(registry), []);
  ended.inc({ outcome: "dead", reason: "a word of a provider's" });
  assert.equal((await shown(registry)).length, 1);
});
