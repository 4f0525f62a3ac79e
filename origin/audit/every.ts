/**
 * A beat, handed in, so that a test decides when it comes.
 *
 * @module
 */

/** Runs `task` again and again, until the returned function is called. */
export type Every = (task: () => void, intervalMs: number) => () => void;

export const systemEvery: Every = (task, intervalMs) => {
  const timer = setInterval(task, intervalMs);
  return () => clearInterval(timer);
};
