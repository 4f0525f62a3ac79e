/**
 * Everything that reached a user after a position: its inbox, its groups while it was in them, and
 * the alerts, in GSID order, page by page.
 *
 * Invariant: `recovered: true` is said only when every event after the position is in the pages up
 * to `head`. Pages after the first read up to the first one's head, below which nothing changes.
 *
 * @module
 */

import { type Page, roomBeside } from "shared/bus/page.ts";
import { BUS_VERSION, type CatchUp, type CaughtUp } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import { groupConversation, type GroupId, SYSTEM_CONVERSATION, type UserId } from "shared/ids.ts";
import { liveOf, readEvents } from "../store/events.ts";
import { readHead, readSnapshot } from "../store/snapshot.ts";
import type { Sql } from "../store/sql.ts";

export const MAX_CATCH_UP_EVENTS = 5_000;
const EVENTS_PER_PAGE = 1_000;

export interface CatchUpLimits {
  /** Further behind, a client reloads. Default: `MAX_CATCH_UP_EVENTS`. */
  maxEvents?: number;
  /** A group with more members is never idle. */
  largeGroup: number;
}

type Request = Omit<CatchUp, "v">;
type Header = Omit<CaughtUp, "v" | "recovered" | "more">;

export async function catchUp(
  sql: Sql,
  request: Request,
  limits: CatchUpLimits,
): Promise<Page<CaughtUp>> {
  return request.upto === undefined
    ? await firstPage(sql, request, limits)
    : await laterPage(sql, request, request.upto);
}

async function firstPage(
  sql: Sql,
  request: Request,
  { largeGroup, maxEvents = MAX_CATCH_UP_EVENTS }: CatchUpLimits,
): Promise<Page<CaughtUp>> {
  const { after } = request;
  const { epoch, head, groups } = await readSnapshot(sql, request, largeGroup);
  const header = { epoch, head, groups };
  if (!after) return nothing(header, true);
  if (after.epoch !== epoch || after.gsid > head) return nothing(header, false);
  const stretch = { after: after.gsid, upto: head, most: maxEvents + 1, isBounded: true };
  const gsids = await reaching(sql, request, stretch);
  if (gsids.length > maxEvents) return nothing(header, false);
  return await pageOf(sql, header, gsids);
}

async function laterPage(sql: Sql, request: Request, head: Gsid): Promise<Page<CaughtUp>> {
  const { epoch } = await readHead(sql);
  const header = { epoch, head };
  const { after } = request;
  if (!after || after.epoch !== epoch) return nothing(header, false);
  const stretch = { after: after.gsid, upto: head, most: EVENTS_PER_PAGE + 1, isBounded: false };
  return await pageOf(sql, header, await reaching(sql, request, stretch));
}

function nothing(header: Header, recovered: boolean): Page<CaughtUp> {
  return { header: { v: BUS_VERSION, ...header, recovered, more: false }, events: [] };
}

async function pageOf(sql: Sql, header: Header, gsids: Gsid[]): Promise<Page<CaughtUp>> {
  const whole: CaughtUp = { v: BUS_VERSION, ...header, recovered: true, more: false };
  const maxBytes = roomBeside(whole);
  const rows = await readEvents(sql, gsids.slice(0, EVENTS_PER_PAGE), { maxBytes });
  return {
    header: { ...whole, more: rows.length < gsids.length },
    events: rows.map((row) => liveOf(row)),
  };
}

interface Stretch {
  after: Gsid;
  upto: Gsid;
  most: number;
  /** Of more than `most` it matters only that there are more, and not which are the first. */
  isBounded: boolean;
}

/** The first gsids in `(after, upto]` that reached the user, each once, in order. */
async function reaching(
  sql: Sql,
  { user, group }: { user: UserId; group?: GroupId },
  { after, upto, most, isBounded }: Stretch,
): Promise<Gsid[]> {
  // Many busy groups together hold millions: without an order the search ends with what it finds
  // first. A change of a group reaches those whom it concerns twice, and nothing reaches them more.
  const looked = isBounded ? 2 * most : null;
  const rows = group === undefined
    ? await sql<{ gsid: Gsid }[]>`
      select distinct gsid from (
        (select gsid from inbox
          where user_id = ${user} and gsid > ${after} and gsid <= ${upto}
          order by gsid limit ${most})
        union all
        (select gsid from events
          where conversation = ${SYSTEM_CONVERSATION} and gsid > ${after} and gsid <= ${upto}
          order by gsid limit ${most})
        union all
        (select e.gsid
          from ${staysBeyond(sql, after)} m
          cross join lateral ${whileMember(sql, after, upto, most)} e
          where m.user_id = ${user} and m.conversation like 'group:%')
        limit ${looked}::bigint
      ) reached
      order by gsid limit ${most}`
    : await sql<{ gsid: Gsid }[]>`
      select e.gsid
      from ${staysBeyond(sql, after)} m
      cross join lateral ${whileMember(sql, after, upto, most)} e
      where m.user_id = ${user} and m.conversation = ${groupConversation(group)}
      order by gsid limit ${most}`;
  return rows.map(({ gsid }) => gsid);
}

/** The stays that may hold something: who was often in a group has many that ended long before. */
function staysBeyond(sql: Sql, after: Gsid) {
  return sql`(select * from members where left_at is null or left_at > ${after})`;
}

/** The events of the conversation of `m` during its stay. */
function whileMember(sql: Sql, after: Gsid, upto: Gsid, most: number) {
  return sql`(
    select gsid from events
    where conversation = m.conversation
      and gsid > greatest(${after}::bigint, m.joined - 1)
      and gsid <= least(${upto}::bigint, m.left_at)
    order by gsid limit ${most}
  )`;
}
