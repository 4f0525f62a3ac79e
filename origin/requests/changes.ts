/**
 * The changes of one group's membership after a gsid, in GSID order.
 *
 * @module
 */

import { MAX_PAGE_BYTES, type Page } from "shared/bus/page.ts";
import { BUS_VERSION, type Changes, type ChangesHeader } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import { groupConversation } from "shared/ids.ts";
import { liveOf, readEvents } from "../store/events.ts";
import type { Sql } from "../store/sql.ts";

const CHANGES_PER_PAGE = 500;

export async function changes(
  sql: Sql,
  { group, after }: Omit<Changes, "v">,
): Promise<Page<ChangesHeader>> {
  const found = await sql<{ gsid: Gsid }[]>`
    select gsid from events
    where conversation = ${groupConversation(group)} and gsid > ${after}
      and type in ('group.created', 'group.joined', 'group.left')
    order by gsid limit ${CHANGES_PER_PAGE + 1}`;
  const gsids = found.slice(0, CHANGES_PER_PAGE).map(({ gsid }) => gsid);
  const rows = await readEvents(sql, gsids, { maxBytes: MAX_PAGE_BYTES });
  return {
    header: { v: BUS_VERSION, group, more: rows.length < found.length },
    events: rows.map((row) => liveOf(row, row.membership)),
  };
}
