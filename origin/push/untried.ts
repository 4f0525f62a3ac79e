/**
 * Whether a user has a token that an ended push job has not tried.
 *
 * Invariant: a target counts as tried when it is settled in the job's progress: a token that was
 * registered anew after it was removed has another id, and is another target.
 *
 * @module
 */

import type { Sql } from "../store/sql.ts";

/** Of the job that the statement calls `done`, by its `user_id` and `progress`. */
export function hasUntried(sql: Sql) {
  return sql`exists (
    select from push_targets target where target.user_id = done.user_id
      and jsonb_typeof(done.progress -> target.id::text) is distinct from 'string')`;
}
