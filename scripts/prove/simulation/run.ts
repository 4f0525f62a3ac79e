/**
 * One run: a world, what is done to it, how it heals, and what was found.
 *
 * Invariant: the same seed and schedule give the same run. It must be called in a turn of the event
 * loop of its own: see `model/microtasks.ts`.
 *
 * @module
 */

import { stayCalm } from "./checks/calm.ts";
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

/**
 * In every so many worlds it is also looked at what must only hold while nothing is wrong. Prime to
 * the numbers that `settings.ts` goes by, so that it is looked at in worlds of all kinds.
 */
const CALM_EVERY = 7;

const byName = new Map(ACTIONS.map((action) => [action.name, action]));

export function run(seed: number, options: RunOptions): Run {
  const { finder, settings = settingsOf(seed), told = false } = options;
  const schedule = options.schedule ?? scheduleOf(seed, ACTIONS);
  const uproot = settings.plant?.install?.();
  const world = new World({ seed, settings, finder, told });
  let steps = 0;
  try {
    steps = play(world, schedule);
    if (!world.timeline.stopped) heal(world);
    if (!world.timeline.stopped && seed % CALM_EVERY === 0) stayCalm(world);
  } catch (error) {
    world.judge.threw(error);
  } finally {
    uproot?.();
  }
  const { judge, chronicle: { hash, counts, lines } } = world;
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

/** Gives how many steps were done. */
function play(world: World, schedule: readonly Choice[]): number {
  const { timeline, random, chronicle } = world;
  let steps = 0;
  for (const { waitMs, action, seed } of schedule) {
    timeline.advance(waitMs);
    if (timeline.stopped) break;
    random.reseed(seed);
    chronicle.lines?.push(`         - ${action}`);
    byName.get(action)!.run(world);
    steps++;
  }
  return steps;
}

function faultsIn(counts: ReadonlyMap<string, number>): number {
  let faults = 0;
  for (const [kind, count] of counts) if (kind.startsWith("fault: ")) faults += count;
  return faults;
}
