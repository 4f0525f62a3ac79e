/**
 * Push jobs for groups too large to be asked about at once: their members, page by page.
 *
 * Invariant: the jobs of a page and the place in the walk commit together, so a walk that dies goes
 * on where it was, in any origin, and no member is passed over; a place that moved meanwhile is not
 * moved back. Whoever uses a device now gets no
 * job, and unknown is not in use. A page that was walked once is never walked again.
 *
 * @module
 */

import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { isLookingAt } from "../fan_out/decide.ts";
import { UNKNOWN } from "../presence/interpret.ts";
import type { PresenceLookup } from "../presence/lookup.ts";
import type { Sql } from "../store/sql.ts";
import { insertPages } from "./late_check_store.ts";
import type { ReceivedPositions } from "./received.ts";

export const PAGE_MEMBERS = 1_000;
/** How long a finished walk is remembered once the late check has passed its event. */
const KEPT_MS = 3_600_000;

export interface PageDeps {
  sql: Sql;
  presence: PresenceLookup;
  positions: Pick<ReceivedPositions, "has">;
  pageMembers?: number;
}

/** Has the members of the groups of these messages walked: for fan-out, after the commit. */
export async function requestPages(sql: Sql, gsids: Gsid[]): Promise<void> {
  await insertPages(sql, gsids);
}

/**
 * Walks one page of one group. `undefined`: there is none to walk; `taken`: another origin was
 * faster, and nothing was done.
 */
export async function walkPage(deps: PageDeps): Promise<{ jobs: number } | "taken" | undefined> {
  const { sql, pageMembers: limit = PAGE_MEMBERS } = deps;
  const page = await selectPage(sql);
  if (!page) return;
  const members = await selectMembers(sql, page, limit);
  const reachable = members.filter((member) => member.reachable).map(({ user_id }) => user_id);
  const users = await notLooking(reachable, page.gsid, deps);
  const [done] = await sql<[{ moved: boolean; jobs: number }]>`
    with moved as (
      update push_pages set walked = ${members.at(-1)?.user_id ?? page.walked},
        finished = ${members.length < limit}
      where gsid = ${page.gsid} and walked = ${page.walked} and not finished
      returning gsid
    ), jobs as (
      insert into push_jobs (gsid, user_id)
      select gsid, unnest(${users}::text[]) from moved on conflict do nothing
      returning gsid
    )
    select exists (select from moved) as moved, (select count(*)::int from jobs) as jobs`;
  return done.moved ? { jobs: done.jobs } : "taken";
}

/** Forgets walks that nobody can ask for again. */
export async function forgetPages(sql: Sql): Promise<void> {
  await sql`
    delete from push_pages
    where finished and gsid <= (select checked from audit) - ${KEPT_MS * GSID_PER_MS}::bigint`;
}

async function notLooking(users: UserId[], gsid: Gsid, deps: PageDeps): Promise<UserId[]> {
  const lacking = users.filter((user) => !deps.positions.has(user, gsid));
  if (lacking.length === 0) return [];
  const presence = await deps.presence.lookup(lacking);
  return lacking.filter((user) => !isLookingAt(presence.get(user) ?? UNKNOWN));
}

interface OpenPage {
  gsid: Gsid;
  walked: string;
  /** `null` when the event is no longer kept. */
  conversation: ConversationId | null;
  sender: UserId | null;
}

async function selectPage(sql: Sql): Promise<OpenPage | undefined> {
  const [page] = await sql<OpenPage[]>`
    select p.gsid, p.walked, e.conversation, e.sender
    from push_pages p left join events e using (gsid)
    where not p.finished order by p.gsid limit 1`;
  return page;
}

function selectMembers(
  sql: Sql,
  { gsid, walked, conversation, sender }: OpenPage,
  limit: number,
) {
  return sql<{ user_id: UserId; reachable: boolean }[]>`
    select m.user_id,
      exists (select from push_targets t where t.user_id = m.user_id) as reachable
    from members m
    where m.conversation = ${conversation} and m.user_id > ${walked}
      and m.joined <= ${gsid} and (m.left_at is null or m.left_at >= ${gsid})
      and m.user_id is distinct from ${sender}
    order by m.user_id limit ${limit}`;
}
