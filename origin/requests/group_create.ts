/**
 * `group.create`: `{group, name?, members?}` → `{gsid, conversation}`.
 *
 * @module
 */

import { Type } from "typebox";
import { groupConversation, type GroupId, type UserId } from "shared/ids.ts";
import { fullMembers } from "./full_members.ts";
import type { Method } from "./method.ts";
import { changedAnswer } from "./outcome.ts";
import { id, MAX_USERS, name, reader } from "./schema.ts";

const read = reader(Type.Object({
  group: id<GroupId>(),
  name: Type.Optional(name),
  members: Type.Optional(Type.Array(id<UserId>(), { maxItems: MAX_USERS })),
}));

/** The same creator again gets the same group. */
export const groupCreate: Method = async (parts, { user: by }, data) => {
  const request = read(data);
  if ("error" in request) return request;
  const { group, members = [], name } = request.value;
  const full = await fullMembers(parts, { change: "create", group, by, users: [by, ...members] });
  if (full) return { error: full };
  const outcome = await parts.committer.change({
    change: "create",
    group,
    by,
    members,
    ...(name !== undefined && { name }),
  });
  return changedAnswer(outcome, { conversation: groupConversation(group) });
};
