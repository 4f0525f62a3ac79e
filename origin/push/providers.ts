/**
 * How the push providers have been answering this origin, as metrics.
 *
 * Invariant: each provider that is configured is shown from the start, as well, so that one that is
 * missing is one that is not configured.
 *
 * @module
 */

import { Gauge, type Registry } from "prom-client";
import type { Platform } from "./gateway/gateway.ts";
import type { Health } from "./health.ts";

export interface ProvidersOptions {
  platforms: Iterable<Platform>;
  healthOf(platform: Platform): Health;
  /** As answers are observed by. */
  nowMs(): number;
}

export function showProviders(registry: Registry, options: ProvidersOptions): void {
  const platforms = [...options.platforms];
  const gauge = (name: string, help: string, read: (health: Health) => boolean) =>
    new Gauge({
      name: `fanfare_push_${name}`,
      help,
      labelNames: ["platform"],
      registers: [registry],
      collect() {
        for (const platform of platforms) this.set({ platform }, +read(options.healthOf(platform)));
      },
    });
  gauge(
    "credentials_doubted",
    "1 since our key or configuration must be wrong, until a note is accepted again",
    ({ alarmed }) => alarmed,
  );
  gauge(
    "paused",
    "1 while a provider that keeps failing is left alone",
    ({ pausedUntilMs }) => pausedUntilMs > options.nowMs(),
  );
}
