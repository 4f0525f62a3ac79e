/**
 * What push does, as metrics and log lines.
 *
 * Invariant: no label and no line holds a token, a user or a text.
 *
 * @module
 */

import { Counter, Gauge, type Registry } from "prom-client";
import type { Log } from "shared/log.ts";
import type { PushEvents } from "./events.ts";
import type { PushQueue } from "./queue.ts";

export function createPushEvents(registry: Registry, log: Log): PushEvents {
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `fanfare_push_${name}_total`, help, labelNames, registers: [registry] });
  const byPlatform = ["platform", "reason"];
  const sent = counter("sent", "Notes that a provider accepted", ["platform"]);
  const pruned = counter("pruned", "Tokens removed, by the provider's reason", byPlatform);
  const retried = counter("retried", "Notes that will be tried again", byPlatform);
  const refused = counter("refused", "Notes refused for good, their token kept", byPlatform);
  const dropped = counter("dropped", "Jobs that ended with nothing to send", ["reason"]);
  const dead = counter("dead", "Jobs given up that should have been sent", ["reason"]);
  const alarms = counter("alarms", "Times our own credentials seemed wrong", ["platform"]);
  const failed = counter("failed", "Failures of our own, to be tried again", ["doing"]);
  return {
    sent: (platform) => sent.inc({ platform }),
    pruned: (platform, reason) => pruned.inc({ platform, reason }),
    retried: (platform, reason) => retried.inc({ platform, reason }),
    refused(platform, reason) {
      refused.inc({ platform, reason });
      log.warning("a push provider refuses a note for good", { platform, reason });
    },
    dropped: (reason) => dropped.inc({ reason }),
    dead(reason) {
      dead.inc({ reason: reason.split(":")[0]! });
      log.warning("a push job was given up", { reason });
    },
    alarm(platform, reason) {
      alarms.inc({ platform });
      log.error("a push provider refuses us: check its credentials and topic", {
        platform,
        reason,
      });
    },
    failed(doing, error) {
      failed.inc({ doing });
      log.error("push failed and will try again", { doing, error: asError(error) });
    },
  };
}

/** Asked of the database whenever the metrics are read; a database that is away shows nothing. */
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

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
