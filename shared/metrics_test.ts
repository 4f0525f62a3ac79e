import { createMetrics } from "./metrics.ts";
import { waitUntil } from "../scripts/services/wait_until.ts";

Deno.test("a turn of the event loop that comes late is seen, by how late it is", async () => {
  let nowMs = 0;
  using metrics = createMetrics("edge", () => nowMs);
  nowMs = 2_500;
  const seen = async () =>
    (await metrics.registry.metrics()).includes("fanfare_process_event_loop_lag_seconds_sum 2\n") ||
    undefined;
  await waitUntil(seen, { what: "a lag of 2 s to be seen", withinMs: 30_000, everyMs: 50 });
});
