/**
 * `group.get`: `{group}` → `{group, name?, role, members, created}`.
 *
 * @module
 */

import { Type } from "typebox";
import { atOfGsid, type Gsid } from "shared/gsid.ts";
import { groupConversation, type GroupId } from "shared/ids.ts";
import { wireError } from "shared/wire/codes.ts";
import type { Method } from "./method.ts";
import { id, reader } from "./schema.ts";

const read = reader(Type.Object({ group: id<GroupId>() }));

interface Row {
  name: string | null;
  role: string;
  members: number;
  created: Gsid;
}

export const groupGet: Method = async ({ sql }, { user }, data) => {
  const request = read(data);
  if ("error" in request) return request;
  const { group } = request.value;
  const [row] = await sql<Row[]>`
    select c.name, m.role, c.members, c.created
    from members m join conversations c on c.conversation = m.conversation
    where m.conversation = ${groupConversation(group)} and m.user_id = ${user}
      and m.left_at is null`;
  if (!row) return { error: wireError("unknownConversation") };
  const { name, role, members, created } = row;
  return {
    result: { group, ...(name !== null && { name }), role, members, created: atOfGsid(created) },
  };
};
