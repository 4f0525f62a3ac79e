/**
 * The word `duplicate` of an answer: a message is new once.
 *
 * Invariant: it may be said of what was sent once, for an edge asks again, and a commit whose answer
 * was lost is found again. Left out it is at most once, and never of a repeat that was begun when
 * the message had been answered. Which gsid is answered is judged elsewhere. Pure.
 *
 * @module
 */

import { type Evidence, type Findings, nameOf } from "../evidence.ts";

export function checkNovelty({ sends }: Evidence, findings: Findings): void {
  for (const { device, id, answered, newAt } of sends) {
    const said = `${id} of ${nameOf(device)} was called new`;
    if (newAt.length > 1) findings.add("new-twice", `${said} by ${newAt.length} answers`);
    else if (answered && newAt.some((at) => at > answered.at)) {
      findings.add("new-twice", `${said}, though it had been answered ${answered.gsid} before`);
    }
  }
}
