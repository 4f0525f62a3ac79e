/**
 * `group.remove`: `{group, members}` → `{gsid}`. Those already out are passed over.
 *
 * @module
 */

import { Type } from "typebox";
import type { GroupId, UserId } from "shared/ids.ts";
import type { Method } from "./method.ts";
import { changedAnswer } from "./outcome.ts";
import { id, reader, users } from "./schema.ts";

const read = reader(Type.Object({ group: id<GroupId>(), members: users<UserId>() }));

export const groupRemove: Method = async ({ committer }, { user }, data) => {
  const request = read(data);
  if ("error" in request) return request;
  return changedAnswer(await committer.change({ change: "remove", by: user, ...request.value }));
};
