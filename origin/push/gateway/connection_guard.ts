/**
 * One connection instead of many: while there is none, one request goes ahead alone.
 *
 * Invariant: requests share one HTTP/2 connection, since a burst never meets a cold client. A cold
 * burst would open a connection for each request, which Apple takes for an attack. When the one that
 * went ahead fails, those that waited for it fail with it.
 *
 * @module
 */

export interface ConnectionGuard {
  run<T>(request: () => Promise<T>): Promise<T>;
}

/** After this long without traffic the connection may have been closed by the other side. */
const COLD_AFTER_MS = 10_000;

export function createConnectionGuard(nowMs: () => number): ConnectionGuard {
  let warmUntilMs = -Infinity;
  let opening: Promise<void> | undefined;

  async function attempt<T>(request: () => Promise<T>): Promise<T> {
    try {
      const result = await request();
      warmUntilMs = nowMs() + COLD_AFTER_MS;
      return result;
    } catch (error) {
      warmUntilMs = -Infinity;
      throw error;
    }
  }

  return {
    async run(request) {
      if (nowMs() < warmUntilMs) return attempt(request);
      if (opening) {
        await opening;
        return attempt(request);
      }
      const first = attempt(request);
      opening = first.then(() => {}).finally(() => opening = undefined);
      // Nobody may be waiting for it; whoever does gets the error by itself.
      opening.catch(() => {});
      return await first;
    },
  };
}
