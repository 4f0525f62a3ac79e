/**
 * When a client tries again: the official SDK's rule and numbers, full jitter included.
 *
 * @module
 */

export const SDK_BACK_OFF = { minMs: 500, maxMs: 20_000 };

/** `failures`: attempts since the last connection; `random`: in [0, 1). */
export function backOffMs(failures: number, random: number): number {
  const { minMs, maxMs } = SDK_BACK_OFF;
  const span = Math.min(maxMs, minMs * 2 ** Math.min(failures, 31));
  return Math.min(maxMs, minMs + Math.floor(random * span));
}
