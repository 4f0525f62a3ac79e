/**
 * Waiting for a condition instead of for luck.
 *
 * Invariant: it ends, either with what was waited for or with an error that names it. Knows
 * nothing of what it waits for.
 *
 * @module
 */

export interface WaitOptions {
  /** Ends the sentence "Cannot wait for …". */
  what: string;
  withinMs: number;
  everyMs?: number;
}

/**
 * Asks again and again until the answer is something other than `undefined`.
 *
 * @throws {Error} When there is no answer in time; what `ask` throws ends the waiting at once.
 */
export async function waitUntil<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) {
      throw new Error(`Cannot wait for ${options.what}: nothing within ${options.withinMs} ms`);
    }
    await pause(options.everyMs ?? 5);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
