/**
 * Which function answers a client's method.
 *
 * Invariant: a method that does not exist is answered 104, whatever its name.
 *
 * @module
 */

import type { Answer, Call } from "shared/bus/requests.ts";
import { wireError } from "shared/wire/codes.ts";
import { conversations } from "./conversations.ts";
import { deviceRegister } from "./device_register.ts";
import { deviceUnregister } from "./device_unregister.ts";
import { groupAdd } from "./group_add.ts";
import { groupCreate } from "./group_create.ts";
import { groupGet } from "./group_get.ts";
import { groupLeave } from "./group_leave.ts";
import { groupRemove } from "./group_remove.ts";
import { history } from "./history.ts";
import type { Method, Parts } from "./method.ts";
import { presence } from "./presence.ts";
import { send } from "./send.ts";

export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["send", async ({ committer }, caller, data) => asJson(await send(committer, caller, data))],
  ["history", history],
  ["conversations", conversations],
  ["presence", presence],
  ["group.create", groupCreate],
  ["group.add", groupAdd],
  ["group.remove", groupRemove],
  ["group.leave", groupLeave],
  ["group.get", groupGet],
  ["device.register", deviceRegister],
  ["device.unregister", deviceUnregister],
]);

export async function dispatch(parts: Parts, call: Omit<Call, "v">): Promise<Answer> {
  const method = METHODS.get(call.method);
  if (!method) return { error: wireError("methodNotFound") };
  return await method(parts, { user: call.user, device: call.device }, call.data);
}

function asJson(answer: Awaited<ReturnType<typeof send>>): Answer {
  return "error" in answer ? answer : { result: { ...answer.result } };
}
