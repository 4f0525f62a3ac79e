/**
 * Order: of two sends, one of them answered before the other was begun, the first comes first; and
 * `prev` chains each conversation.
 *
 * Invariant: sends that overlap in time may be stored either way. Pure.
 *
 * @module
 */

import { type Evidence, type Findings, nameOf, type SendHistory } from "../evidence.ts";

export function checkOrder(evidence: Evidence, findings: Findings): void {
  checkRealTime(evidence, findings);
  checkChains(evidence, findings);
}

function checkRealTime({ sends }: Evidence, findings: Findings): void {
  const answered = sends.filter((send): send is Answered => send.answered !== undefined);
  const byAnswer = answered.toSorted((a, b) => a.answered.at - b.answered.at);
  let highest: Answered | undefined;
  let next = 0;
  for (const send of answered.toSorted((a, b) => a.invokedAt - b.invokedAt)) {
    while (next < byAnswer.length && byAnswer[next]!.answered.at < send.invokedAt) {
      const before = byAnswer[next++]!;
      if (!highest || before.answered.gsid > highest.answered.gsid) highest = before;
    }
    if (highest && highest.answered.gsid >= send.answered.gsid) {
      findings.add(
        "inverted",
        `${wordsOf(send)} was begun after the answer of ${wordsOf(highest)}`,
      );
    }
  }
}

type Answered = SendHistory & Required<Pick<SendHistory, "answered">>;

function checkChains({ truth }: Evidence, findings: Findings): void {
  const last = new Map<string, number>();
  for (const { gsid, conversation, prev } of truth.events) {
    const before = last.get(conversation) ?? 0;
    if (prev !== before) {
      const said = `${gsid} of ${conversation} names ${prev}`;
      findings.add("broken-chain", `${said} and not ${before} as the one before`);
    }
    last.set(conversation, gsid);
  }
}

function wordsOf({ device, id, answered }: Answered): string {
  return `${id} of ${nameOf(device)} (${answered.gsid})`;
}
