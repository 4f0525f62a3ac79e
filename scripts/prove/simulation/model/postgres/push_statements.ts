/**
 * The statements of the queue of push jobs, and of the tokens.
 *
 * @module
 */

import type { UserId } from "shared/ids.ts";
import type { Platform } from "origin/push/gateway/gateway.ts";
import * as push from "./push.ts";
import { counted, type Statement } from "./statement.ts";

export const PUSH_STATEMENTS: readonly Statement[] = [
  {
    says: "insert into push_jobs (gsid, user_id, due_at)",
    kind: "push",
    run({ tables, watch, values: [rows], nowMs }) {
      const made = push.enqueue(tables, JSON.parse(rows as string), nowMs);
      for (const job of made) watch.jobMade(job, "fast path");
      return counted(made.length);
    },
  },
  {
    says: "with picked as materialized",
    kind: "push",
    run: ({ tables, nowMs, values: [limit, leaseMs, supersededAfterMs] }) =>
      push.claim(tables, nowMs, {
        limit: limit as number,
        leaseMs: leaseMs as number,
        supersededAfterMs: supersededAfterMs as number,
      }),
  },
  {
    says: "update push_jobs job set progress",
    kind: "push",
    run({ tables, watch, values: [rows], nowMs }) {
      const spared = push.record(tables, JSON.parse(rows as string), nowMs);
      for (const job of spared) watch.spared(job);
      return [];
    },
  },
  {
    says: "delete from push_jobs where (user_id, gsid) in",
    kind: "push",
    // A run is shorter than the hour for which jobs are kept.
    run: () => counted(0),
  },
  {
    says: "delete from push_targets where platform = $ and token = $ and registered_at",
    kind: "push",
    run: ({ tables, values: [platform, token, registeredAt, since] }) =>
      counted(
        push.prune(
          tables,
          platform as string,
          token as string,
          registeredAt as string,
          since as number | null,
        ),
      ),
  },
  {
    says: "select from push_targets where platform = $ and token = $ and user_id",
    kind: "push",
    run: ({ tables, values: [platform, token, user] }) =>
      tables.targetsOf(user as UserId).filter((target) =>
        target.platform === platform && target.token === token
      ),
  },
  {
    says: "insert into push_targets (platform, token, user_id, device, app)",
    kind: "push",
    run({ tables, values: [platform, token, user], nowMs }) {
      tables.register({
        platform: platform as Platform,
        token: token as string,
        user: user as UserId,
        registeredMs: nowMs,
      });
      return [];
    },
  },
  // Nobody here registers twenty tokens.
  { says: "delete from push_targets where id in", kind: "push", run: () => [] },
];
