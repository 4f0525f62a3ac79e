/**
 * A schedule: what is done to a world, and when.
 *
 * Invariant: a choice stands for itself. It carries the seed of all that is drawn until the next one,
 * so a schedule from which others were taken away still does the same with it.
 *
 * @module
 */

import { Random } from "../model/random.ts";

export interface Choice {
  /** So much time passes before it. */
  readonly waitMs: number;
  readonly action: string;
  readonly seed: number;
}

export interface Weighted {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Something that goes wrong. */
  readonly fault?: true;
}

export const STEPS = 210;
/** Each run has most kinds of actions, but not all: what is rare shows when others keep quiet. */
const LEFT_OUT = 0.3;
/** How much goes wrong: in some worlds almost nothing, in some all the time. */
const TEMPERS = [0.1, 0.4, 1];

/** The schedule of a seed, of the actions that there are. */
export function scheduleOf(seed: number, actions: readonly Weighted[], steps = STEPS): Choice[] {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  const temper = random.pick(TEMPERS);
  const chosen = actions.filter(({ weight }) => weight >= 10 || !random.chance(LEFT_OUT))
    .map(({ name, weight, fault }) => ({ name, weight: fault ? weight * temper : weight }));
  const total = chosen.reduce((sum, { weight }) => sum + weight, 0);
  return Array.from({ length: steps }, () => ({
    waitMs: waitMs(random),
    action: pick(chosen, random.next() * total),
    seed: Math.floor(random.next() * 2 ** 32),
  }));
}

/** Mostly at once, now and then after so long that timers and auditors have had their turn. */
function waitMs(random: Random): number {
  const dice = random.next();
  if (dice < 0.5) return random.int(6);
  if (dice < 0.88) return random.int(200);
  if (dice < 0.98) return random.int(1_500);
  return random.int(5_000);
}

function pick(actions: readonly Weighted[], point: number): string {
  for (const { name, weight } of actions) {
    point -= weight;
    if (point < 0) return name;
  }
  return actions.at(-1)!.name;
}
