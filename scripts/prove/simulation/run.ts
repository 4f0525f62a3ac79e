/**
 * One run: a world, what is done to it, how it heals, and what was found.
 *
 * Invariant: the same seed and schedule give the same run. It must be called in a turn of the event
 * loop of its own: see `model/microtasks.ts`.
 *
 * @module
 */

import { heal } from "./checks/epilogue.ts";
import type { StatementFinder } from "./model/postgres/query.ts";
import { ACTIONS } from "./schedule/actions.ts";
import { type Choice, scheduleOf } from "./schedule/choice.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { World } from "./world.ts";

export interface RunOptions {
  finder: StatementFinder;
  schedule?: readonly Choice[];
  settings?: Settings;
  told?: boolean;
}

export interface Run {
  seed: number;
  hash: string;
  steps: number;
  /** How many faults took effect. */
  faults: number;
  counts: ReadonlyMap<string, number>;
  violation?: string;
  story?: string[];
}

const byName = new Map(ACTIONS.map((action) => [action.name, action]));

export function run(seed: number, options: RunOptions): Run {
  const { finder, settings = settingsOf(seed), told = false } = options;
  const schedule = options.schedule ?? scheduleOf(seed, ACTIONS);
  const world = new World({ seed, settings, finder, told });
  const { timeline, random, judge, chronicle } = world;
  let steps = 0;
  try {
    for (const { waitMs, action, seed } of schedule) {
      timeline.advance(waitMs);
      if (timeline.stopped) break;
      random.reseed(seed);
      chronicle.lines?.push(`         - ${action}`);
      byName.get(action)!.run(world);
      steps++;
    }
    if (!timeline.stopped) heal(world);
  } catch (error) {
    judge.threw(error);
  }
  const { hash, counts, lines } = chronicle;
  return {
    seed,
    hash,
    steps,
    faults: faultsIn(counts),
    counts,
    ...(judge.violation !== undefined && { violation: judge.violation }),
    ...(lines && { story: lines }),
  };
}

function faultsIn(counts: ReadonlyMap<string, number>): number {
  let faults = 0;
  for (const [kind, count] of counts) if (kind.startsWith("fault: ")) faults += count;
  return faults;
}
