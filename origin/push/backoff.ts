/**
 * How long to wait before a push is tried again.
 *
 * Invariant: never sooner than a provider asked for, never longer than `maxMs` unless it asked for
 * more, and spread by chance so that what failed together does not come back together.
 *
 * @module
 */

export interface Backoff {
  baseMs: number;
  maxMs: number;
}

export const BACKOFF: Backoff = { baseMs: 2_000, maxMs: 900_000 };

/**
 * The wait after try number `attempt` (1 is the first). `random` is in [0, 1): without a provider's
 * word the wait lies in the upper half of an exponential step; with one, up to a tenth is added.
 */
export function retryDelayMs(
  { attempt, askedMs, random, backoff }: {
    attempt: number;
    askedMs?: number | undefined;
    random: number;
    backoff: Backoff;
  },
): number {
  const step = Math.min(backoff.baseMs * 2 ** Math.min(attempt - 1, 30), backoff.maxMs);
  const own = step * (0.5 + random / 2);
  const asked = (askedMs ?? 0) * (1 + random / 10);
  return Math.ceil(Math.max(own, asked));
}
