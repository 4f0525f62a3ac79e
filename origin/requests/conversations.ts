/**
 * `conversations`: `{after?, limit?}` → `{conversations: [{conversation, last}], next?}`, those with
 * the newest event first. `last` is that event's gsid; `next` is the `after` of the next page.
 *
 * @module
 */

import { Type } from "typebox";
import type { Gsid } from "shared/gsid.ts";
import { type ConversationId, SYSTEM_CONVERSATION } from "shared/ids.ts";
import type { Method } from "./method.ts";
import { gsid, limit, reader } from "./schema.ts";

const read = reader(Type.Object({
  after: Type.Optional(gsid),
  limit: Type.Optional(limit),
}));

const DEFAULT_LIMIT = 50;

interface Row {
  conversation: ConversationId;
  last: Gsid;
}

export const conversations: Method = async ({ sql }, { user }, data) => {
  const request = read(data);
  if ("error" in request) return request;
  // An event is in one conversation, so its gsid names a place in this order.
  const { after = Number.MAX_SAFE_INTEGER, limit = DEFAULT_LIMIT } = request.value;
  const rows = await sql<Row[]>`
    select conversation, last from (
      select c.conversation, c.last
      from members m join conversations c on c.conversation = m.conversation
      where m.user_id = ${user} and m.left_at is null
      union all
      select conversation, last from conversations
      where conversation = ${SYSTEM_CONVERSATION} and last > 0
    ) mine
    where last < ${after}
    order by last desc limit ${limit + 1}`;
  const page = rows.slice(0, limit).map(({ conversation, last }) => ({ conversation, last }));
  const next = page.at(-1)?.last;
  const more = rows.length > limit && next !== undefined;
  return { result: { conversations: page, ...(more && { next }) } };
};
