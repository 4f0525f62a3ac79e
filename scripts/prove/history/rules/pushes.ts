/**
 * Pushes: who has a token and receives nothing is pushed, and who has received is not.
 *
 * Invariant: what is owed is judged by what was received until then: whoever sleeps must still do
 * so. A position may be forgotten, so a needless push is an anomaly only where the run says that
 * nothing excuses it. A push is not owed that the database says a newer one of its conversation
 * replaced, if that one was made. Pure.
 *
 * @module
 */

import { timeOfGsid } from "shared/gsid.ts";
import { type History, timeOf } from "../entry.ts";
import type { Evidence, Findings } from "../evidence.ts";
import { receiptsOf } from "../receipts.ts";
import type { Push, TrueEvent } from "../truth.ts";

/** A device answers the ping that confirms what it got within 33 s, and its edge reports it then. */
const SURELY_KNOWN_MS = 40_000;
/** An ack needs no ping: only the edge's report, and the origins that hear it. */
const ACK_KNOWN_MS = 5_000;

export function checkPushesOwed(evidence: Evidence, findings: Findings): void {
  const { history, truth, reach, eventOf, expect } = evidence;
  const withinMs = expect.pushWithinMs ?? Infinity;
  const allTargets = targetsOf(history);
  const receipts = receiptsOf(history, new Set(allTargets.keys()));
  const pushes = firstPushes(truth.pushes);
  const replaced = new Set(truth.replaced.map(({ user, gsid }) => `${user} ${gsid}`));
  for (const [user, targets] of allTargets) {
    const pushed = pushes.get(user);
    const newest = newestByConversation(pushed, eventOf);
    for (const gsid of reach.gsidsOf(user)) {
      const event = eventOf.get(gsid)!;
      if (event.type !== "message" || event.sender === user) continue;
      const committedMs = timeOfGsid(gsid);
      if (!targets.some((target) => target.fromMs < committedMs && committedMs < target.toMs)) {
        continue;
      }
      const deadlineMs = committedMs + withinMs;
      const receivedMs = receipts.get(user)?.get(gsid)?.receivedMs ?? Infinity;
      if (receivedMs < Math.min(deadlineMs, Number.MAX_VALUE)) continue;
      const push = pushed?.get(gsid);
      findings.count("pushes_owed");
      if (push && push.atMs <= deadlineMs) continue;
      if (
        !push && replaced.has(`${user} ${gsid}`) && gsid < (newest.get(event.conversation) ?? 0)
      ) {
        findings.count("pushes_replaced");
        continue;
      }
      const late = push ? `after ${push.atMs - committedMs} ms` : "never";
      findings.add("unpushed", `${gsid} of ${event.conversation} was pushed to ${user} ${late}`);
    }
  }
}

export function checkPushesNeedless(evidence: Evidence, findings: Findings): void {
  const { history, truth, expect } = evidence;
  const receipts = receiptsOf(history, new Set(targetsOf(history).keys()));
  findings.count("pushes", truth.pushes.length);
  for (const { user, gsid, atMs } of truth.pushes) {
    const receipt = receipts.get(user)?.get(gsid);
    if (!receipt) continue;
    const wasKnown = receipt.receivedMs < atMs - SURELY_KNOWN_MS ||
      receipt.ackedMs < atMs - ACK_KNOWN_MS;
    if (receipt.receivedMs < atMs) findings.count("pushes_after_receipt");
    if (!wasKnown) continue;
    findings.count("pushes_though_known");
    if (!expect.noNeedlessPush) continue;
    findings.add("pushed-though-received", `${gsid}, to ${user}`);
  }
}

interface Target {
  token: string;
  fromMs: number;
  toMs: number;
}

/** By user, the times in which each token was surely registered. */
function targetsOf(history: History): Map<string, Target[]> {
  const targets = new Map<string, Target[]>();
  for (const { user, entries } of history.devices) {
    for (const entry of entries) {
      if (entry.kind === "registered") {
        const target = { token: entry.token, fromMs: timeOf(history, entry), toMs: Infinity };
        targets.set(user, [...targets.get(user) ?? [], target]);
      } else if (entry.kind === "unregistered") {
        for (const target of targets.get(user) ?? []) {
          if (target.token === entry.token) target.toMs = timeOf(history, entry);
        }
      }
    }
  }
  return targets;
}

/** By user and gsid. An attempt that was refused counts: what comes of it is the provider's. */
function firstPushes(pushes: readonly Push[]): Map<string, Map<number, Push>> {
  const first = new Map<string, Map<number, Push>>();
  for (const push of pushes) {
    const own = first.get(push.user) ?? new Map<number, Push>();
    first.set(push.user, own);
    if (!own.has(push.gsid)) own.set(push.gsid, push);
  }
  return first;
}

/** The newest event of each conversation that was pushed. */
function newestByConversation(
  pushed: ReadonlyMap<number, Push> | undefined,
  eventOf: ReadonlyMap<number, TrueEvent>,
): Map<string, number> {
  const newest = new Map<string, number>();
  for (const gsid of pushed?.keys() ?? []) {
    const conversation = eventOf.get(gsid)?.conversation;
    if (conversation === undefined) continue;
    newest.set(conversation, Math.max(gsid, newest.get(conversation) ?? 0));
  }
  return newest;
}
