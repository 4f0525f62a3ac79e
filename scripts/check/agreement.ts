/**
 * What an edge and an origin must have alike.
 *
 * Pure.
 *
 * @module
 */

import type { EdgeConfig } from "edge/config.ts";
import type { OriginConfig } from "origin/config.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";

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
    ...portsOf(edge, origin),
  ];
  return faults.length > 0 ? faults : [ok(SUBJECT, "agree on what must be the same for both")];
}

/** `PORT` is a name of both, and one environment gives both the same. */
function portsOf(edge: EdgeConfig, origin: OriginConfig): Finding[] {
  const ports = [edge.listen.port, edge.internal.port, origin.api.port, origin.internal.port]
    .filter((port) => port !== 0);
  const twice = ports.find((port, i) => ports.indexOf(port) < i);
  if (twice === undefined) return [];
  const says = `port ${twice} is asked for twice: on one machine only one of them gets it`;
  const mend = "Give each program its own PORT and INTERNAL_PORT: --env edge=FILE, origin=FILE";
  return [warning(SUBJECT, says, mend)];
}
