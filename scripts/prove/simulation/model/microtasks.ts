/**
 * Running what promises have waiting, at once, from synchronous code.
 *
 * Between two events of the simulated world every promise must have come to rest, as between two
 * turns of a real event loop. Waiting for a real turn each time would cost a microsecond and make
 * the whole simulation asynchronous; so this asks V8 itself, by the one thing of Deno's that is
 * internal. `inOwnTurn` is for whoever calls from a promise, where V8 would refuse.
 *
 * @module
 */

interface Core {
  runMicrotasks(): void;
}

const { internal } = Deno as unknown as { internal: symbol };
const { core } = (Deno as unknown as Record<symbol, { core: Core }>)[internal]!;

/** Runs what promises have waiting, and what that adds, until nothing waits. */
export const runMicrotasks: () => void = core.runMicrotasks;

/** Calls `task` in a turn of the event loop of its own, where `runMicrotasks` has an effect. */
export function inOwnTurn<Result>(task: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      try {
        resolve(task());
      } catch (error) {
        reject(error);
      }
    }, 0);
  });
}
