/**
 * `send`: `{to: {user} | {group}, id, body}` → `{gsid, at, conversation, prev, duplicate?}`.
 *
 * @module
 */

import { Type } from "typebox";
import type { JsonObject, JsonValue } from "shared/event.ts";
import type { GroupId, MessageId, UserId } from "shared/ids.ts";
import type { Answer, Send, Sent } from "shared/bus/requests.ts";
import { wireError } from "shared/wire/codes.ts";
import { message, type Recipient } from "../commit/command.ts";
import type { Committer } from "../commit/committer.ts";
import { readBody } from "./body.ts";
import { sentAnswer } from "./outcome.ts";
import { id, reader } from "./schema.ts";

const read = reader(Type.Object({
  to: Type.Object({
    user: Type.Optional(id<UserId>()),
    group: Type.Optional(id<GroupId>()),
  }),
  id: id<MessageId>(),
  body: Type.Unsafe<JsonObject>(Type.Object({})),
}));

/** Answers after the commit. */
export async function send(
  committer: Pick<Committer, "append">,
  { user, connection }: Omit<Send, "data">,
  data: JsonValue,
): Promise<Answer<Sent>> {
  const request = read(data);
  if ("error" in request) return request;
  const to = recipientOf(request.value.to);
  if (!to) return { error: wireError("badRequest", "to must name either a user or a group") };
  const body = readBody(request.value.body);
  if ("error" in body) return body;
  const command = message(user, to, request.value.id, body);
  if (connection !== undefined) command.connection = connection;
  return sentAnswer(command.conversation, await committer.append(command));
}

function recipientOf({ user, group }: { user?: UserId; group?: GroupId }): Recipient | undefined {
  if (user !== undefined && group === undefined) return { user };
  if (group !== undefined && user === undefined) return { group };
}
