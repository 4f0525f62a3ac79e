/**
 * One message, looked up for an operator: when it was committed, whom it concerns, and what became
 * of it for each of them. Its body is not read.
 *
 * Invariant: it reads only, and a bounded number of recipients at once. What it says of presence and
 * of what was received is of now, as this origin knows it.
 *
 * @module
 */

import type { EventType, JsonObject } from "shared/event.ts";
import { atOfGsid, type Gsid } from "shared/gsid.ts";
import { type ConversationId, SYSTEM_CONVERSATION, type UserId } from "shared/ids.ts";
import type { ReceivedPositions } from "../audit/received.ts";
import { UNKNOWN } from "../presence/interpret.ts";
import type { PresenceLookup } from "../presence/lookup.ts";
import { CLEAN_UP } from "../push/clean_up.ts";
import type { Sql } from "../store/sql.ts";
import { type Fate, fateOf, type Known, type Pages, type RecipientRow } from "./fate.ts";

export interface TraceDeps {
  sql: Sql;
  presence: PresenceLookup;
  positions: Pick<ReceivedPositions, "of">;
  /** Wall clock, ms since 1970. */
  wallMs(): number;
  /** The id of a message's trace; `undefined`: it is not traced. */
  traceId?: ((sender: UserId, id: string) => string | undefined) | undefined;
}

export interface TraceQuestion {
  gsid: Gsid;
  /** Recipients after this one, in the order of their ids. */
  after?: string;
  limit: number;
}

/** `undefined`: there is no such event. */
export async function traceMessage(
  deps: TraceDeps,
  { gsid, after = "", limit }: TraceQuestion,
): Promise<JsonObject | undefined> {
  const event = await selectEvent(deps.sql, gsid);
  if (!event) return;
  const { type, conversation, prev, sender, id, checked, pages } = event;
  const rows = conversation === SYSTEM_CONVERSATION
    ? []
    : await selectRecipients(deps.sql, event, { after, limit: limit + 1 });
  const recipients = await fatesOf(deps, rows.slice(0, limit), event);
  const trace = sender !== null && id !== null ? deps.traceId?.(sender, id) : undefined;
  return {
    gsid,
    type,
    conversation,
    at: atOfGsid(gsid),
    prev,
    sender,
    id,
    ...(trace !== undefined && { trace }),
    lateCheck: checked >= gsid ? "done" : "waiting",
    ...(pages && { walk: pages.finished ? "done" : "under way" }),
    recipients: recipients as unknown as JsonObject[],
    more: rows.length > limit,
  };
}

async function fatesOf(
  { presence, positions, wallMs }: TraceDeps,
  rows: RecipientRow[],
  event: EventRow,
): Promise<Fate[]> {
  const present = await presence.lookup(rows.map(({ user }) => user));
  return rows.map((row) => {
    const known: Known = {
      ...event,
      presence: (present.get(row.user) ?? UNKNOWN).state,
      received: positions.of(row.user),
      nowMs: wallMs(),
      keptMs: CLEAN_UP.keep.endedMs,
    };
    return fateOf(row, known);
  });
}

interface EventRow {
  gsid: Gsid;
  type: EventType;
  conversation: ConversationId;
  prev: Gsid;
  sender: UserId | null;
  /** The sender's own name for the message. */
  id: string | null;
  checked: Gsid;
  pages: Pages | null;
}

async function selectEvent(sql: Sql, gsid: Gsid): Promise<EventRow | undefined> {
  const [row] = await sql<EventRow[]>`
    select e.gsid, e.type, e.conversation, e.prev, e.sender, e.fields::json ->> 'id' as id,
      audit.checked,
      case when p.gsid is not null
        then json_build_object('walked', p.walked, 'finished', p.finished) end as pages
    from events e cross join audit left join push_pages p on p.gsid = e.gsid
    where e.gsid = ${gsid}`;
  return row;
}

/** Whoever was in the conversation at the event, it included. */
async function selectRecipients(
  sql: Sql,
  { gsid, conversation }: EventRow,
  { after, limit }: { after: string; limit: number },
): Promise<RecipientRow[]> {
  return await sql<RecipientRow[]>`
    select m.user_id as user,
      case when job.gsid is not null then json_build_object(
        'attempt', job.attempt, 'progress', job.progress, 'outcome', job.outcome,
        'reason', job.reason, 'dueMs', extract(epoch from job.due_at) * 1000,
        'endedMs', extract(epoch from job.ended_at) * 1000) end as job,
      coalesce(targets.list, '[]') as targets
    from members m
    left join push_jobs job on job.user_id = m.user_id and job.gsid = ${gsid}
    left join lateral (
      select json_agg(json_build_object('id', id, 'device', device, 'platform', platform)
        order by id) as list
      from push_targets where user_id = m.user_id
    ) targets on true
    where m.conversation = ${conversation} and m.user_id > ${after}
      and m.joined <= ${gsid} and (m.left_at is null or m.left_at >= ${gsid})
    order by m.user_id limit ${limit}`;
}
