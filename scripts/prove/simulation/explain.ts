/**
 * A failure, told so that somebody can find its cause: the shortest schedule, and its story.
 *
 * @module
 */

import { inOwnTurn } from "./model/microtasks.ts";
import { StatementFinder } from "./model/postgres/query.ts";
import { type Run, run } from "./run.ts";
import { ACTIONS } from "./schedule/actions.ts";
import { type Choice, scheduleOf } from "./schedule/choice.ts";
import type { Settings } from "./settings.ts";
import { shrink } from "./shrink.ts";

export interface Explanation {
  violation: string;
  schedule: readonly Choice[];
  story: string[];
}

/** `undefined`: the seed does not fail. */
export function explain(seed: number, settings?: Settings): Promise<Explanation | undefined> {
  const finder = new StatementFinder();
  const again = (schedule: readonly Choice[], told = false): Run =>
    run(seed, { finder, schedule, told, ...(settings && { settings }) });
  return inOwnTurn(() => {
    const schedule = scheduleOf(seed, ACTIONS);
    const { violation } = again(schedule);
    if (violation === undefined) return;
    const kind = kindOf(violation);
    const shortest = shrink(schedule, (fewer) => {
      const found = again(fewer).violation;
      return found !== undefined && kindOf(found) === kind;
    });
    const { story = [], violation: last = violation } = again(shortest, true);
    return { violation: last, schedule: shortest, story };
  });
}

export function linesOf(seed: number, { violation, schedule, story }: Explanation): string[] {
  return [
    `Seed ${seed}: ${violation}`,
    `The shortest of it, ${schedule.length} choices:`,
    ...schedule.map(({ waitMs, action, seed }) => `  after ${waitMs} ms ${action} (${seed})`),
    "What happened then, in seconds:",
    ...story,
  ];
}

/** What is left of the words when it does not matter whom it befell. */
function kindOf(violation: string): string {
  return violation.split("\n")[0]!.replace(/\b(ana|ben|cleo|dan)?\d*\b/g, "").slice(0, 80);
}
