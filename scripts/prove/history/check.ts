/**
 * The history checker: what clients saw, against what the database holds and what was pushed.
 *
 * Invariant: it takes time in proportion to the history (times a logarithm), and each rule finds
 * what is planted for it (`check_test.ts`). Pure: it judges values, whoever recorded them.
 *
 * @module
 */

import type { Anomaly } from "../part.ts";
import type { History } from "./entry.ts";
import { evidenceOf, type Expectations, Findings, type Rule } from "./evidence.ts";
import { checkCatchUps } from "./rules/catch_up.ts";
import { checkCloses } from "./rules/closes.ts";
import { checkContents } from "./rules/contents.ts";
import { checkCursors } from "./rules/cursors.ts";
import { checkDeliveries } from "./rules/deliveries.ts";
import { checkLeaks } from "./rules/leaks.ts";
import { checkMembership } from "./rules/membership.ts";
import { checkNovelty } from "./rules/novelty.ts";
import { checkOrder } from "./rules/order.ts";
import { checkPositions } from "./rules/positions.ts";
import { checkPromptness } from "./rules/promptness.ts";
import { checkPushesNeedless, checkPushesOwed } from "./rules/pushes.ts";
import { checkRefusals } from "./rules/refusals.ts";
import { checkSends } from "./rules/sends.ts";
import { checkWriters } from "./rules/writers.ts";
import type { Truth } from "./truth.ts";

const RULES: readonly Rule[] = [
  checkSends,
  checkNovelty,
  checkRefusals,
  checkOrder,
  checkContents,
  checkLeaks,
  checkWriters,
  checkMembership,
  checkCursors,
  checkPositions,
  checkCloses,
  checkCatchUps,
  checkDeliveries,
  checkPromptness,
  checkPushesOwed,
  checkPushesNeedless,
];
/** What is judged while whoever sleeps still does, and what is judged at the very end. */
const ASLEEP: readonly Rule[] = [checkPushesOwed];
const AT_THE_END = RULES.filter((rule) => !ASLEEP.includes(rule));

export interface Verdict {
  anomalies: Anomaly[];
  /** What is allowed and was seen so often. */
  counts: Record<string, number>;
}

export function check(history: History, truth: Truth, expect: Expectations): Verdict {
  return verdictOf(RULES, history, truth, expect);
}

/** What is owed to those who sleep: once they have woken, they have received it. */
export function checkAsleep(history: History, truth: Truth, expect: Expectations): Verdict {
  return verdictOf(ASLEEP, history, truth, expect);
}

/** Everything else, when everybody has woken. */
export function checkAtTheEnd(history: History, truth: Truth, expect: Expectations): Verdict {
  return verdictOf(AT_THE_END, history, truth, expect);
}

function verdictOf(
  rules: readonly Rule[],
  history: History,
  truth: Truth,
  expect: Expectations,
): Verdict {
  const { anomalies, counts } = findingsOf(rules, history, truth, expect);
  return { anomalies, counts };
}

/** What only these rules find. */
export function findingsOf(
  rules: readonly Rule[],
  history: History,
  truth: Truth,
  expect: Expectations,
): Findings {
  const evidence = evidenceOf(history, truth, expect);
  const findings = new Findings();
  for (const rule of rules) rule(evidence, findings);
  return findings;
}
