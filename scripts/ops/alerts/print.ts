/**
 * The alert rules as Prometheus reads them: `scripts/ops/alerts.yml`.
 *
 * Invariant: what is printed comes from the alerts alone. Whoever is told of one is told where to
 * read what to do.
 *
 * @module
 */

import { stringify } from "yaml";
import type { Alert, AlertGroup } from "./alert.ts";
import { DELIVERY } from "./delivery.ts";
import { DEPENDENCIES } from "./dependencies.ts";
import { LOAD } from "./load.ts";
import { PUSH } from "./push.ts";
import { READINESS } from "./readiness.ts";

export const ALERT_GROUPS: readonly AlertGroup[] = [READINESS, DEPENDENCIES, DELIVERY, PUSH, LOAD];
export const ALERTS: readonly Alert[] = ALERT_GROUPS.flatMap(({ alerts }) => alerts);

const HEAD = "# Printed by `deno run -A scripts/ops/alerts/print.ts`; change scripts/ops/alerts.\n";

export function alertRules(): string {
  const groups = ALERT_GROUPS.map(({ name, alerts }) => ({
    name: `fanfare-${name}`,
    rules: alerts.map(({ name, expr, for: time, severity, summary }) => ({
      alert: name,
      expr,
      for: time,
      labels: { severity },
      annotations: { summary, runbook: runbookOf(name) },
    })),
  }));
  return HEAD + stringify({ groups }, { lineWidth: 100 });
}

/** The entry is the heading of the alert's name. */
export function runbookOf(alert: string): string {
  return `scripts/ops/RUNBOOK.md#${alert.toLowerCase()}`;
}

if (import.meta.main) await Deno.stdout.write(new TextEncoder().encode(alertRules()));
