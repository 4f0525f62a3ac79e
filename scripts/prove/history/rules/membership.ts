/**
 * Membership: the table of members, by which everything is decided, says what the events say.
 *
 * @module
 */

import type { Evidence, Findings } from "../evidence.ts";
import type { Stay } from "../truth.ts";

export function checkMembership({ truth, reach }: Evidence, findings: Findings): void {
  const kept = new Set(truth.stays.filter(isInGroup).map(wordsOf));
  const told = new Set(reach.stays.map(wordsOf));
  for (const stay of told.difference(kept)) {
    findings.add("membership-apart", `the events say that ${stay}, and the table does not`);
  }
  for (const stay of kept.difference(told)) {
    findings.add("membership-apart", `the table says that ${stay}, and the events do not`);
  }
}

function isInGroup({ conversation }: Stay): boolean {
  return conversation.startsWith("group:");
}

function wordsOf({ user, conversation, joined, left }: Stay): string {
  return `${user} was in ${conversation} from ${joined} to ${left ?? "the end"}`;
}
