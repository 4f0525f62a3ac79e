/**
 * The time, and the two ways to wait for work to gather: handed in, so that tests decide.
 *
 * @module
 */

import { setImmediate } from "node:timers";

export interface Turns {
  /** Monotonic. */
  nowMs(): number;
  /** Runs `task` at the end of this turn of the event loop: a timer would cost a millisecond. */
  soon(task: () => void): void;
  /** Runs `task` after a delay, unless the returned function is called before. */
  later(task: () => void, delayMs: number): () => void;
}

export const systemTurns: Turns = {
  nowMs: () => performance.now(),
  soon: (task) => void setImmediate(task),
  later(task, delayMs) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
