/**
 * What an edge must subscribe to for a user that connects, before it reads anything.
 *
 * @module
 */

import type { Enter, Entered } from "shared/bus/requests.ts";
import { readSnapshot } from "../store/snapshot.ts";
import type { Sql } from "../store/sql.ts";

export async function enter(
  sql: Sql,
  { user }: Omit<Enter, "v">,
  { largeGroup }: { largeGroup: number },
): Promise<Omit<Entered, "v">> {
  const { at, groups } = await readSnapshot(sql, user, largeGroup);
  return { at, groups };
}
