/**
 * All configurations, in the order of a run.
 *
 * @module
 */

import { BROKEN_DELIVERIES } from "./broken_deliveries.ts";
import type { Configuration } from "./configurations.ts";
import { DELIVERIES } from "./deliveries.ts";

export const CONFIGURATIONS: readonly Configuration[] = [...DELIVERIES, ...BROKEN_DELIVERIES];
