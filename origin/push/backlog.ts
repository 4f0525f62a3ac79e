/**
 * What of push is still to be done, as metrics.
 *
 * Invariant: a database that is away shows nothing, and nobody waits for it but who reads the
 * metrics, and no longer than `PATIENCE_MS`: metrics that do not come look like an origin that died.
 *
 * @module
 */

import { Gauge, type Registry } from "prom-client";
import { askedOnce } from "shared/metrics.ts";
import type { Turns } from "shared/turns.ts";
import { within } from "../within.ts";
import type { PushQueue } from "./queue.ts";

const PATIENCE_MS = 1_000;
const UNKNOWN = { jobs: NaN, lateMs: NaN };

/** Asked of the database whenever the metrics are read. */
export function measureBacklog(
  registry: Registry,
  queue: Pick<PushQueue, "backlog">,
  turns: Pick<Turns, "later">,
): void {
  const backlog = askedOnce(() =>
    within(PATIENCE_MS, queue.backlog(), "count push jobs", turns).catch(() => UNKNOWN)
  );
  new Gauge({
    name: "fanfare_push_backlog_jobs",
    help: "Jobs that have not ended",
    registers: [registry],
    async collect() {
      this.set((await backlog()).jobs);
    },
  });
  new Gauge({
    name: "fanfare_push_backlog_seconds",
    help: "How long the oldest job has been due",
    registers: [registry],
    async collect() {
      this.set((await backlog()).lateMs / 1000);
    },
  });
}
