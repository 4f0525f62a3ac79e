/**
 * Refusals: only who is not in a group is refused for good. What fails because something is down
 * fails for the moment, and is tried again.
 *
 * @module
 */

import { timeOfGsid } from "shared/gsid.ts";
import { ERRORS } from "shared/wire/codes.ts";
import { timeOf } from "../entry.ts";
import { type Evidence, type Findings, nameOf, type SendHistory } from "../evidence.ts";

/** From a gsid being drawn to its commit; longer than a batch may take. */
const COMMIT_MS = 5_000;

export function checkRefusals(evidence: Evidence, findings: Findings): void {
  for (const send of evidence.sends) {
    const { refused, device, id, conversation } = send;
    if (!refused || isRightly(send, refused, evidence)) continue;
    const what = `${id} of ${nameOf(device)} to ${conversation}`;
    findings.add("refused-wrongly", `${what} was refused for good, with ${refused.code}`);
  }
}

function isRightly(
  { device: { user }, conversation, invokedAt }: SendHistory,
  { code, at }: NonNullable<SendHistory["refused"]>,
  { history, reach }: Evidence,
): boolean {
  if (code !== ERRORS.unknownConversation.code || !conversation.startsWith("group:")) return false;
  const fromMs = timeOf(history, { at: invokedAt }) - COMMIT_MS;
  const toMs = timeOf(history, { at }) + COMMIT_MS;
  return !reach.stays.some((stay) =>
    stay.conversation === conversation && stay.user === user &&
    timeOfGsid(stay.joined) < fromMs && (!stay.left || timeOfGsid(stay.left) > toMs)
  );
}
