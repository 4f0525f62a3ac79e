/**
 * Randomness that a seed gives again. For tests alone.
 *
 * @module
 */

export type Random = () => number;

/** mulberry32: a seed gives the same run again. */
export function randomFrom(seed: number): Random {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<Item>(from: readonly Item[], random: Random): Item {
  return from[Math.floor(random() * from.length)]!;
}
