/**
 * Sends: what was acknowledged is stored, once, and as it was sent.
 *
 * Invariant: an attempt without an answer proves nothing: it may have happened. Pure.
 *
 * @module
 */

import { type Evidence, type Findings, nameOf, type SendHistory } from "../evidence.ts";
import type { TrueEvent } from "../truth.ts";

export function checkSends({ truth, sends }: Evidence, findings: Findings): void {
  const stored = messagesById(truth.events, findings);
  const kept = new Map(truth.sent.map(({ sender, id, gsid }) => [keyOf(sender, id), gsid]));
  for (const send of sends) {
    const key = keyOf(send.device.user, send.id);
    const event = stored.get(key);
    checkAnswer(send, event, findings);
    if (event && kept.get(key) !== event.gsid) {
      findings.add("doubled", `${wordsOf(send)} is ${event.gsid}, but kept as ${kept.get(key)}`);
    }
  }
}

function messagesById(
  events: readonly TrueEvent[],
  findings: Findings,
): ReadonlyMap<string, TrueEvent> {
  const messages = new Map<string, TrueEvent>();
  for (const event of events) {
    if (event.sender === undefined || event.id === undefined) continue;
    const key = keyOf(event.sender, event.id);
    const first = messages.get(key);
    if (!first) messages.set(key, event);
    else findings.add("doubled", `${key} is stored as ${first.gsid} and as ${event.gsid}`);
  }
  return messages;
}

function checkAnswer(send: SendHistory, event: TrueEvent | undefined, findings: Findings): void {
  const { answered, refused, gsids } = send;
  if (gsids.size > 1) {
    findings.add("doubled", `${wordsOf(send)} was answered ${[...gsids].join(" and ")}`);
  }
  if (!answered && !refused) findings.add("unanswered", wordsOf(send));
  if (answered && !event) {
    findings.add("acked-lost", `${wordsOf(send)} was answered ${answered.gsid}, and is not there`);
  }
  if (!event) return;
  if (answered && !gsids.has(event.gsid)) {
    const said = `was answered ${answered.gsid}, and is ${event.gsid}`;
    findings.add("doubled", `${wordsOf(send)} ${said}`);
  }
  if (answered && answered.prev !== event.prev) {
    const said = `was answered prev ${answered.prev}, which is ${event.prev}`;
    findings.add("broken-chain", `${wordsOf(send)} ${said}`);
  }
  if (refused && !answered && send.doubtful === 0) {
    findings.add("refused-yet-stored", `${wordsOf(send)}, by ${refused.code}, is ${event.gsid}`);
  }
  if (event.sentDigest !== undefined && event.sentDigest !== send.digest) {
    findings.add("two-bodies", `${wordsOf(send)} is stored as something else: ${event.gsid}`);
  }
}

function keyOf(user: string, id: string): string {
  return JSON.stringify([user, id]);
}

function wordsOf({ device, id, conversation, attempts }: SendHistory): string {
  return `${id} of ${nameOf(device)} to ${conversation} (attempts: ${attempts})`;
}
