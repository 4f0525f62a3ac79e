/**
 * All plants, in the order in which the table shows them.
 *
 * @module
 */

import { EDGE_PLANTS } from "./catalogue/edge.ts";
import { FEED_PLANTS } from "./catalogue/feed.ts";
import { ORIGIN_PLANTS } from "./catalogue/origin.ts";
import { RESUME_PLANTS } from "./catalogue/resume.ts";
import { REVOCATION_PLANTS } from "./catalogue/revocations.ts";
import type { Plant } from "./plant.ts";

export const PLANTS: readonly Plant[] = [
  ...EDGE_PLANTS,
  ...FEED_PLANTS,
  ...ORIGIN_PLANTS,
  ...RESUME_PLANTS,
  ...REVOCATION_PLANTS,
];
