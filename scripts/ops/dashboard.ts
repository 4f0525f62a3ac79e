/**
 * The dashboard, as Grafana imports it: `scripts/ops/grafana_dashboard.json`.
 *
 * Invariant: what is printed comes from the rows alone.
 *
 * @module
 */

import { LOWER_ROWS } from "./dashboard/beneath.ts";
import { dashboardOf } from "./dashboard/grafana.ts";
import { ORIGIN_ROWS } from "./dashboard/origins.ts";
import type { Row } from "./dashboard/panel.ts";
import { USER_ROWS } from "./dashboard/users.ts";

export const ROWS: readonly Row[] = [...USER_ROWS, ...ORIGIN_ROWS, ...LOWER_ROWS];

export function dashboardJson(): string {
  return JSON.stringify(dashboardOf(ROWS), null, 2) + "\n";
}

/** A query as Prometheus takes it: Grafana fills in the variables of the dashboard. */
export function filledIn(expression: string, rateInterval = "1m"): string {
  return expression
    .replaceAll("$__rate_interval", rateInterval)
    .replaceAll("$quantile", "0.99")
    .replaceAll(/\$(job|instance)/g, ".*");
}

if (import.meta.main) await Deno.stdout.write(new TextEncoder().encode(dashboardJson()));
