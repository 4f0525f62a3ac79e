/**
 * Pushes: who has a token and receives nothing is pushed, and who has received is not.
 *
 * Invariant: what is owed is judged by what was received until then: whoever sleeps must still do
 * so. Each of a user's tokens is owed tries, until one is taken or there is no such token: a run is
 * judged once providers have been well for a while. A position may be forgotten, so a needless push is an anomaly only where the run says that
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

/** After these a push is not tried again: it was taken, the token is none, or the note is too much. */
const LAST_ANSWERS: ReadonlySet<number> = new Set([200, 400, 404, 410, 413]);
/** By these a provider says that there is no such token. */
const NO_TOKEN: ReadonlySet<number> = new Set([400, 404, 410]);

export function checkPushesOwed(evidence: Evidence, findings: Findings): void {
  const { history, truth, reach, eventOf, expect } = evidence;
  const withinMs = expect.pushWithinMs ?? Infinity;
  const allTargets = targetsOf(history, truth.pushes);
  const receipts = receiptsOf(history, new Set(allTargets.keys()));
  const pushes = attemptsOf(truth.pushes);
  const replaced = new Set(truth.replaced.map(({ user, gsid }) => `${user} ${gsid}`));
  for (const [user, targets] of allTargets) {
    const attempts = pushes.get(user);
    const newest = newestByConversation(attempts, eventOf);
    for (const gsid of reach.gsidsOf(user)) {
      const event = eventOf.get(gsid)!;
      if (event.type !== "message" || event.sender === user) continue;
      const committedMs = timeOfGsid(gsid);
      const owed = targets.filter(({ fromMs, toMs }) => fromMs < committedMs && committedMs < toMs);
      if (owed.length === 0) continue;
      const deadlineMs = committedMs + withinMs;
      const receivedMs = receipts.get(user)?.get(gsid)?.receivedMs ?? Infinity;
      if (receivedMs < Math.min(deadlineMs, Number.MAX_VALUE)) continue;
      findings.count("pushes_owed");
      const isReceived = receivedMs < Infinity;
      const faults = owed.flatMap((target) => {
        const own = attempts?.get(gsid)?.filter(({ token }) => token === target.token) ?? [];
        return faultIn(own, { target, committedMs, deadlineMs, isReceived }) ?? [];
      });
      if (faults.length === 0) continue;
      const isReplaced = replaced.has(`${user} ${gsid}`);
      if (isReplaced && gsid < (newest.get(event.conversation) ?? 0)) {
        findings.count("pushes_replaced");
        continue;
      }
      for (const fault of faults) {
        findings.add("unpushed", `${gsid} of ${event.conversation} was pushed to ${user} ${fault}`);
      }
    }
  }
}

interface Owed {
  target: Target;
  committedMs: number;
  deadlineMs: number;
  isReceived: boolean;
}

/** What is wrong with the attempts of one message for one token, in order; `undefined`: nothing. */
function faultIn(attempts: readonly Push[], owed: Owed): string | undefined {
  const { target: { token, toMs }, committedMs, deadlineMs, isReceived } = owed;
  const first = attempts[0], last = attempts.at(-1);
  if (!first || !last) {
    return toMs <= deadlineMs && toMs < Infinity ? undefined : `never, at ${token}`;
  }
  if (first.atMs > deadlineMs) return `after ${first.atMs - committedMs} ms, at ${token}`;
  // It need not be tried again once it was received, or there is nobody to try.
  if (LAST_ANSWERS.has(last.status) || isReceived || toMs < Infinity) return;
  return `in vain, at ${token}: the last of ${attempts.length} answers was ${last.status}`;
}

export function checkPushesNeedless(evidence: Evidence, findings: Findings): void {
  const { history, truth, expect } = evidence;
  const receipts = receiptsOf(history, new Set(targetsOf(history, []).keys()));
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

/**
 * By user, the times in which each token was surely the user's: until it was given up, another
 * registered it, or a provider called it none.
 */
function targetsOf(history: History, pushes: readonly Push[]): Map<string, Target[]> {
  const targets = new Map<string, Target[]>();
  const changes = history.devices.flatMap(({ user, entries }) =>
    entries.flatMap((entry) =>
      entry.kind === "registered" || entry.kind === "unregistered"
        ? { user, token: entry.token, kind: entry.kind, atMs: timeOf(history, entry) }
        : []
    )
  );
  const changesOf = Map.groupBy(changes, ({ token }) => token);
  const gone = Map.groupBy(
    pushes.filter(({ status }) => NO_TOKEN.has(status)),
    ({ token }) => token,
  );
  for (const { user, token, kind, atMs } of changes) {
    if (kind === "unregistered") continue;
    const ends = [
      // To register it again changes nothing for the same user.
      ...changesOf.get(token)!.filter((other) =>
        other.atMs > atMs &&
        (other.user === user ? other.kind === "unregistered" : other.kind === "registered")
      ),
      ...(gone.get(token) ?? []).filter((push) => push.atMs > atMs),
    ].map((end) => end.atMs);
    const target = { token, fromMs: atMs, toMs: Math.min(Infinity, ...ends) };
    targets.set(user, [...targets.get(user) ?? [], target]);
  }
  return targets;
}

/** By user and gsid, in the order in which they came. */
function attemptsOf(pushes: readonly Push[]): Map<string, Map<number, Push[]>> {
  const all = new Map<string, Map<number, Push[]>>();
  for (const push of pushes.toSorted((one, other) => one.atMs - other.atMs)) {
    const own = all.get(push.user) ?? new Map<number, Push[]>();
    all.set(push.user, own);
    own.set(push.gsid, [...own.get(push.gsid) ?? [], push]);
  }
  return all;
}

/** The newest event of each conversation that was pushed. */
function newestByConversation(
  pushed: ReadonlyMap<number, unknown> | undefined,
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
