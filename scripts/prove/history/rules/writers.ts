/**
 * Writers: whoever sends to a conversation is in it when the message is committed.
 *
 * @module
 */

import type { Evidence, Findings } from "../evidence.ts";

export function checkWriters({ truth, reach }: Evidence, findings: Findings): void {
  for (const event of truth.events) {
    const { type, sender, gsid, conversation } = event;
    if (type !== "message" || sender === undefined || reach.of(event).has(sender)) continue;
    findings.add("stranger-wrote", `${sender} wrote ${gsid} to ${conversation}, and was not in it`);
  }
}
