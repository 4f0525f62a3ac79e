/**
 * What an edge and an origin must have alike.
 *
 * Pure.
 *
 * @module
 */

import type { EdgeConfig } from "edge/config.ts";
import type { OriginConfig } from "origin/config.ts";
import { failure, type Finding, ok } from "./finding.ts";

const SUBJECT = "edge and origin";

export function judgeAgreement(edge: EdgeConfig, origin: OriginConfig): Finding[] {
  const faults = [
    ...(edge.redis.url === origin.redis.url ? [] : [
      failure(
        SUBJECT,
        "they look for presence in different stores: everybody seems offline",
        "Set UPSTASH_REDIS_REST_URL alike for both",
      ),
    ]),
    ...(edge.archiveAfterMs === origin.archiveAfterMs ? [] : [
      failure(
        SUBJECT,
        `ARCHIVE_AFTER_MS is ${edge.archiveAfterMs} for the edge and ${origin.archiveAfterMs} ` +
          "for the origin: groups are let go that are not woken",
        "Set ARCHIVE_AFTER_MS alike for both",
      ),
    ]),
  ];
  return faults.length > 0 ? faults : [ok(SUBJECT, "agree on what must be the same for both")];
}
