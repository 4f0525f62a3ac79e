/**
 * What the committer answers, in the words of the wire.
 *
 * @module
 */

import type { JsonObject } from "shared/event.ts";
import { atOfGsid } from "shared/gsid.ts";
import type { ConversationId } from "shared/ids.ts";
import type { Answer, Sent } from "shared/bus/requests.ts";
import { type WireError, wireError } from "shared/wire/codes.ts";
import type { Outcome } from "../commit/command_queue.ts";

type Refusal = Exclude<Outcome, { gsid: number }>;

export function sentAnswer(conversation: ConversationId, outcome: Outcome): Answer<Sent> {
  if (!("gsid" in outcome)) return { error: refusalOf(outcome) };
  const { gsid, prev = 0 } = outcome;
  const sent: Sent = { gsid, at: atOfGsid(gsid), conversation, prev };
  return { result: outcome.outcome === "duplicate" ? { ...sent, duplicate: true } : sent };
}

/** `more`: what the method answers beside the gsid. */
export function changedAnswer(outcome: Outcome, more: JsonObject = {}): Answer {
  if (!("gsid" in outcome)) return { error: refusalOf(outcome) };
  return { result: { gsid: outcome.gsid, ...more } };
}

function refusalOf({ outcome }: Refusal): WireError {
  switch (outcome) {
    case "conflict":
      return wireError("idAlreadyUsed");
    case "stranger":
      return wireError("unknownConversation");
    case "exists":
      return wireError("groupExists");
    case "denied":
      return wireError("permissionDenied", "only an owner or an admin of the group may do that");
    case "last_owner":
      return wireError("permissionDenied", "the last owner must hand the group over first");
    case "busy":
      return wireError("tooManyRequests");
    case "late":
    case "failed":
      return wireError("internal");
  }
}
