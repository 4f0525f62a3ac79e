/**
 * A bound on how many things happen at once.
 *
 * Invariant: at most `limit` run; the others wait in the order in which they came, and one that gives
 * up by its signal never runs.
 *
 * @module
 */

export interface Permits {
  run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createPermits(limit: number): Permits {
  let running = 0;
  const waiting = new Set<() => void>();

  async function acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (running < limit) return void running++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => {
      waiting.delete(resolve);
      reject(signal.reason);
    };
    waiting.add(resolve);
    signal.addEventListener("abort", giveUp, { once: true });
    await promise.finally(() => signal.removeEventListener("abort", giveUp));
  }

  /** A permit that somebody waits for is handed on, so `running` stays as it is. */
  function release(): void {
    const [next] = waiting;
    if (!next) return void running--;
    waiting.delete(next);
    next();
  }

  return {
    async run(task, signal) {
      await acquire(signal);
      try {
        return await task();
      } finally {
        release();
      }
    },
  };
}
