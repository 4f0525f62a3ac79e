/**
 * What of push is still to be done, as metrics.
 *
 * Invariant: a database that is away shows nothing, and nobody waits for it but who reads the metrics.
 *
 * @module
 */

import { Gauge, type Registry } from "prom-client";
import type { PushQueue } from "./queue.ts";

/** Asked of the database whenever the metrics are read. */
export function measureBacklog(registry: Registry, queue: Pick<PushQueue, "backlog">): void {
  const jobs = new Gauge({
    name: "fanfare_push_backlog_jobs",
    help: "Jobs that have not ended",
    registers: [registry],
  });
  new Gauge({
    name: "fanfare_push_backlog_seconds",
    help: "How long the oldest job has been due",
    registers: [registry],
    async collect() {
      const backlog = await queue.backlog().catch(() => ({ jobs: NaN, lateMs: NaN }));
      jobs.set(backlog.jobs);
      this.set(backlog.lateMs / 1000);
    },
  });
}
