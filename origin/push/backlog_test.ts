import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { systemTurns } from "shared/turns.ts";
import { measureBacklog } from "./backlog.ts";
import type { PushQueue } from "./queue.ts";

async function shown(backlog: PushQueue["backlog"]): Promise<string[]> {
  const registry = new Registry();
  measureBacklog(registry, { backlog }, systemTurns);
  return (await registry.metrics()).split("\n");
}

Deno.test("both numbers of the backlog are of the same look, already the first time", async () => {
  let looks = 0;
  const lines = await shown(() => Promise.resolve({ jobs: 7, lateMs: 1_000 * ++looks }));
  assert.ok(lines.includes("fanfare_push_backlog_jobs 7"));
  assert.ok(lines.includes("fanfare_push_backlog_seconds 1"));
});

Deno.test("a database that fails, or does not answer, shows nothing and holds nobody up", async () => {
  for (
    const away of [() => Promise.reject(new Error("away")), () => new Promise<never>(() => {})]
  ) {
    const lines = await shown(away);
    assert.ok(lines.includes("fanfare_push_backlog_jobs Nan"), lines.join("\n"));
  }
});
