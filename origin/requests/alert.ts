/**
 * An alert: an event for everybody, from nobody. Server API only.
 *
 * @module
 */

import type { JsonObject } from "shared/event.ts";
import { SYSTEM_CONVERSATION } from "shared/ids.ts";
import type { Answer, Sent } from "shared/bus/requests.ts";
import { alert as alertCommand } from "../commit/command.ts";
import type { Committer } from "../commit/committer.ts";
import { readBody } from "./body.ts";
import { sentAnswer } from "./outcome.ts";

/** The same `id` again is the same alert. */
export async function alert(
  committer: Pick<Committer, "append">,
  id: string,
  value: JsonObject,
): Promise<Answer<Sent>> {
  const body = readBody(value);
  if ("error" in body) return body;
  return sentAnswer(SYSTEM_CONVERSATION, await committer.append(alertCommand(id, body)));
}
