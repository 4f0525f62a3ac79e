/**
 * Reading events: which gsids, and then the events themselves, a bounded number of bytes at once.
 *
 * Invariant: every statement looks into an index for each inbox or conversation that it is asked
 * about, and reads there at most as many entries as it may return.
 *
 * @module
 */

import type { Live } from "shared/bus/live.ts";
import { MEMBERSHIP_TYPES, renderEvent, type StoredEvent } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import type { Sql } from "./sql.ts";

export interface EventRow extends Omit<StoredEvent, "inboxes"> {
  /** Groups: the last change of membership before this event. Else 0. */
  membership: Gsid;
}

/** What an event takes in a page beyond its fields and its conversation's name, at most. */
const OVERHEAD_BYTES = 224;

export interface ReadEventsOptions {
  maxBytes: number;
  /** Of more than `maxBytes` the newest are read, not the oldest. */
  newest?: boolean;
}

/** In GSID order; at least one, and no more than `maxBytes` of them. */
export async function readEvents(
  sql: Sql,
  gsids: readonly Gsid[],
  { maxBytes, newest = false }: ReadEventsOptions,
): Promise<EventRow[]> {
  if (gsids.length === 0) return [];
  return await sql<EventRow[]>`
    select e.gsid, e.type, e.conversation, e.prev, e.fields, coalesce(m.gsid, 0) as membership
    from (
      select e.*, row_number() over (${inOrder(sql, newest)}) as n,
        sum(octet_length(fields) + octet_length(conversation) + ${OVERHEAD_BYTES}::int)
          over (${inOrder(sql, newest)}) as bytes
      from events e where e.gsid = any(${gsids as Gsid[]}::bigint[])
    ) e
    left join lateral (
      select p.gsid from events p
      where e.conversation like 'group:%' and p.conversation = e.conversation and p.gsid < e.gsid
        and p.type in ('group.created', 'group.joined', 'group.left')
      order by p.gsid desc limit 1
    ) m on true
    where e.bytes <= ${maxBytes} or e.n = 1
    order by e.gsid`;
}

function inOrder(sql: Sql, newest: boolean) {
  return newest ? sql`order by gsid desc` : sql`order by gsid`;
}

/** What the event takes in a page. */
export function bytesOf(row: EventRow): number {
  return utf8.encode(row.fields).length + row.conversation.length + OVERHEAD_BYTES;
}

const utf8 = new TextEncoder();

/** As it travels on a topic. `membership` counts only on the topic of a group. */
export function liveOf(row: EventRow, membership: Gsid = 0): Live {
  const kind = MEMBERSHIP_TYPES.has(row.type) ? "membership" : "event";
  return { kind, gsid: row.gsid, membership, data: renderEvent(row) };
}
