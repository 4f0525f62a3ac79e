/**
 * Leaks: nobody is shown an event, or pushed one, that does not reach them, nor on a token that is
 * no longer theirs.
 *
 * @module
 */

import { timeOf } from "../entry.ts";
import { type Evidence, type Findings, nameOf } from "../evidence.ts";

/** A push that was on its way when its token went to somebody else: what a provider may take. */
const UNDER_WAY_MS = 30_000;

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
  const tokens = ownersOfTokens(history);
  for (const { user, token, gsid, atMs } of truth.pushes) {
    const event = eventOf.get(gsid);
    if (!event) continue;
    const isRecipient = event.sender !== user && reach.reaches(gsid, user);
    if (!isRecipient) findings.add("leaked", `${user} was pushed ${gsid}`);
    else if (!mayBePushed(tokens.get(token) ?? [], user, atMs)) {
      findings.add("leaked", `the token ${token} was pushed ${gsid} of ${user}`);
    }
  }
}

/** From `fromMs` on a token was its `user`'s, or nobody's. */
interface Ownership {
  user: string | undefined;
  fromMs: number;
}

/** By token, as its owners were told, in the order of time. */
function ownersOfTokens(history: Evidence["history"]): Map<string, Ownership[]> {
  const owners = new Map<string, Ownership[]>();
  for (const { user, entries } of history.devices) {
    for (const entry of entries) {
      if (entry.kind !== "registered" && entry.kind !== "unregistered") continue;
      const owner = entry.kind === "registered" ? user : undefined;
      const known = owners.get(entry.token) ?? [];
      known.push({ user: owner, fromMs: timeOf(history, entry) });
      owners.set(entry.token, known);
    }
  }
  for (const known of owners.values()) known.sort((one, other) => one.fromMs - other.fromMs);
  return owners;
}

/** Whether it was the user's then, or a moment before. Of a token that no device told, all is well. */
function mayBePushed(owners: readonly Ownership[], user: string, atMs: number): boolean {
  if (owners.length === 0) return true;
  return owners.some((owner, i) =>
    owner.user === user && (owners[i + 1]?.fromMs ?? Infinity) >= atMs - UNDER_WAY_MS
  );
}
