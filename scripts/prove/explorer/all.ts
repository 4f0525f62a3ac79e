/**
 * All configurations, in the order of a run.
 *
 * @module
 */

import { BROKEN_DELIVERIES } from "./broken_deliveries.ts";
import type { Configuration } from "./configurations.ts";
import { DELIVERIES } from "./deliveries.ts";
import { BROKEN_LATE_CHECKS, LATE_CHECKS } from "./late_checks.ts";

export const CONFIGURATIONS: readonly Configuration[] = [
  ...DELIVERIES,
  ...LATE_CHECKS,
  ...BROKEN_DELIVERIES,
  ...BROKEN_LATE_CHECKS,
];
