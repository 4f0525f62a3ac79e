/**
 * `group.leave`: `{group}` → `{gsid}`.
 *
 * @module
 */

import { Type } from "typebox";
import type { GroupId } from "shared/ids.ts";
import type { Method } from "./method.ts";
import { changedAnswer } from "./outcome.ts";
import { id, reader } from "./schema.ts";

const read = reader(Type.Object({ group: id<GroupId>() }));

export const groupLeave: Method = async ({ committer }, { user }, data) => {
  const request = read(data);
  if ("error" in request) return request;
  const { group } = request.value;
  return changedAnswer(await committer.change({ change: "leave", by: user, group }));
};
