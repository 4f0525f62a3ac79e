/**
 * `presence`: `{users}` → `{"<user>": {online}}`. Whoever shares no conversation with the caller
 * looks offline.
 *
 * @module
 */

import { Type } from "typebox";
import type { JsonObject } from "shared/event.ts";
import { directConversation, type UserId } from "shared/ids.ts";
import { wireError } from "shared/wire/codes.ts";
import type { Sql } from "../store/sql.ts";
import type { Method } from "./method.ts";
import { reader, users } from "./schema.ts";

const read = reader(Type.Object({ users: users<UserId>() }));

export const presence: Method = async (parts, { user }, data) => {
  const request = read(data);
  if ("error" in request) return request;
  const asked = [...new Set(request.value.users)];
  const acquainted = await acquaintances(parts.sql, user, asked);
  const known = await parts.presence.lookup([...acquainted]);
  if ([...known.values()].some(({ state }) => state === "unknown")) {
    return { error: wireError("internal", "presence cannot be told at present") };
  }
  const isOnline = (one: UserId) => known.get(one)?.state === "online";
  // From entries, so that a user called `__proto__` is a member like any other.
  const result: JsonObject = Object.fromEntries(
    asked.map((one) => [one, { online: isOnline(one) }]),
  );
  return { result };
};

/** Those of `users` who share a conversation with `user`, and `user` if asked for. */
async function acquaintances(sql: Sql, user: UserId, users: UserId[]): Promise<Set<UserId>> {
  const direct = users.map((other) => directConversation(user, other));
  const rows = await sql<{ user_id: UserId }[]>`
    select t.user_id
    from unnest(${users}::text[], ${direct}::text[]) as t(user_id, conversation)
    where t.user_id = ${user}
      or exists (select from conversations c where c.conversation = t.conversation)
      or exists (
        select from members mine
        join members theirs on theirs.conversation = mine.conversation
        where mine.user_id = ${user} and mine.conversation like 'group:%'
          and mine.left_at is null and theirs.user_id = t.user_id and theirs.left_at is null
      )`;
  return new Set(rows.map((row) => row.user_id));
}
