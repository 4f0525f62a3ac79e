/**
 * Leaks: nobody is shown an event, or pushed one, that does not reach them.
 *
 * @module
 */

import { type Evidence, type Findings, nameOf } from "../evidence.ts";

export function checkLeaks({ history, truth, reach, eventOf }: Evidence, findings: Findings): void {
  for (const device of history.devices) {
    for (const entry of device.entries) {
      if (entry.kind !== "event") continue;
      const { gsid, conversation } = entry.content;
      // What the database does not have is told as invented.
      if (!eventOf.has(gsid) || reach.reaches(gsid, device.user)) continue;
      findings.add("leaked", `${nameOf(device)} was shown ${gsid} of ${conversation}`);
    }
  }
  const owners = ownersOfTokens(history.devices);
  for (const { user, token, gsid } of truth.pushes) {
    const event = eventOf.get(gsid);
    if (!event) continue;
    const isRecipient = event.sender !== user && reach.reaches(gsid, user);
    if (!isRecipient) findings.add("leaked", `${user} was pushed ${gsid}`);
    else if (owners.get(token)?.has(user) === false) {
      findings.add("leaked", `the token ${token} was pushed ${gsid} of ${user}`);
    }
  }
}

/** Who ever registered a token. */
function ownersOfTokens(devices: Evidence["history"]["devices"]): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  for (const { user, entries } of devices) {
    for (const entry of entries) {
      if (entry.kind !== "registered") continue;
      owners.set(entry.token, (owners.get(entry.token) ?? new Set()).add(user));
    }
  }
  return owners;
}
