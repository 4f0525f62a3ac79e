/**
 * `group.add`: `{group, members}` → `{gsid}`. Those already in are passed over; when one of the
 * others is in too many groups, nobody is added.
 *
 * @module
 */

import { Type } from "typebox";
import type { GroupId, UserId } from "shared/ids.ts";
import { fullMembers } from "./full_members.ts";
import type { Method } from "./method.ts";
import { changedAnswer } from "./outcome.ts";
import { id, reader, users } from "./schema.ts";

const read = reader(Type.Object({ group: id<GroupId>(), members: users<UserId>() }));

export const groupAdd: Method = async (parts, { user: by }, data) => {
  const request = read(data);
  if ("error" in request) return request;
  const { group, members } = request.value;
  const full = await fullMembers(parts, { change: "add", group, by, users: members });
  if (full) return { error: full };
  return changedAnswer(await parts.committer.change({ change: "add", by, group, members }));
};
