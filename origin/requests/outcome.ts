/**
 * What the committer answers, in the words of the wire.
 *
 * @module
 */

import { type WireError, wireError } from "shared/wire/codes.ts";
import type { Outcome } from "../commit/command_queue.ts";

type Refusal = Exclude<Outcome, { gsid: number }>;

export function refusalOf({ outcome }: Refusal): WireError {
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
