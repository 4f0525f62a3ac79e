import assert from "node:assert/strict";
import { runAuditCost } from "./audit_cost.ts";

Deno.test("what the auditors ask of the history looks into an index, and finds what there is", async () => {
  const size = { events: 40_000, recent: 400, users: 4_000, groups: 40, membersPerGroup: 20 };
  const { figures, anomalies } = await runAuditCost(size, () => {});
  assert.deepEqual(anomalies, []);
  const { late_check_received_events, late_check_received_jobs, late_check_lost_jobs } = figures;
  assert.deepEqual([late_check_received_events, late_check_received_jobs], [400, 0]);
  assert.ok(late_check_lost_jobs! > 0);
});
