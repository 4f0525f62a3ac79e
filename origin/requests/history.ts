/**
 * `history`: `{conversation, before? | after?, limit?}` → `{events, more}` in GSID order: the newest
 * before a gsid (or at all), or the oldest after one.
 *
 * Invariant: nobody reads what was committed while they were not a member.
 *
 * @module
 */

import { Type } from "typebox";
import { type JsonValue, renderEvent } from "shared/event.ts";
import type { Gsid } from "shared/gsid.ts";
import { MAX_PAGE_BYTES } from "shared/bus/page.ts";
import { type ConversationId, parseConversation, type UserId } from "shared/ids.ts";
import { wireError } from "shared/wire/codes.ts";
import { readEvents } from "../store/events.ts";
import type { Sql } from "../store/sql.ts";
import type { Method } from "./method.ts";
import { gsid, limit, reader } from "./schema.ts";

const read = reader(Type.Object({
  conversation: Type.Unsafe<ConversationId>(Type.String()),
  before: Type.Optional(gsid),
  after: Type.Optional(gsid),
  limit: Type.Optional(limit),
}));

const DEFAULT_LIMIT = 50;

export const history: Method = async ({ sql }, { user }, data) => {
  const request = read(data);
  if ("error" in request) return request;
  const { conversation, before, after, limit = DEFAULT_LIMIT } = request.value;
  if (before !== undefined && after !== undefined) {
    return { error: wireError("badRequest", "before and after must not both be given") };
  }
  if (!await isMember(sql, user, conversation)) {
    return { error: wireError("unknownConversation") };
  }
  const newest = after === undefined;
  const stretch = { after: after ?? 0, before: before ?? Number.MAX_SAFE_INTEGER };
  const found = await readable(sql, user, conversation, { ...stretch, newest, most: limit + 1 });
  const rows = await readEvents(sql, found.slice(0, limit), { maxBytes: MAX_PAGE_BYTES, newest });
  const events = rows.map((row) => JSON.parse(renderEvent(row)) as JsonValue);
  return { result: { events, more: rows.length < found.length } };
};

async function isMember(sql: Sql, user: UserId, conversation: string): Promise<boolean> {
  const parsed = parseConversation(conversation);
  if (!parsed) return false;
  if (parsed.kind === "system") return true;
  const rows = await sql`
    select from members
    where conversation = ${conversation} and user_id = ${user} and left_at is null`;
  return rows.length > 0;
}

interface Stretch {
  after: Gsid;
  before: Gsid;
  newest: boolean;
  most: number;
}

/**
 * Gsids of the conversation from each time that the user was in it. Each such stay shows at least
 * that it began or that it ended, so no more of them are looked into than events are asked for.
 */
async function readable(
  sql: Sql,
  user: UserId,
  conversation: ConversationId,
  { after, before, newest, most }: Stretch,
): Promise<Gsid[]> {
  const direction = newest ? sql`desc` : sql`asc`;
  const rows = parseConversation(conversation)?.kind === "system"
    ? await sql<{ gsid: Gsid }[]>`
      select gsid from events
      where conversation = ${conversation} and gsid > ${after} and gsid < ${before}
      order by gsid ${direction} limit ${most}`
    : await sql<{ gsid: Gsid }[]>`
      select e.gsid
      from (
        select * from members
        where conversation = ${conversation} and user_id = ${user}
          and joined < ${before} and (left_at is null or left_at > ${after})
        order by joined ${direction} limit ${most}
      ) m
      cross join lateral (
        select gsid from events
        where conversation = m.conversation
          and gsid > greatest(${after}::bigint, m.joined - 1)
          and gsid < least(${before}::bigint, m.left_at + 1)
        order by gsid ${direction} limit ${most}
      ) e
      order by gsid ${direction} limit ${most}`;
  return rows.map((row) => row.gsid);
}
