/**
 * Time for tests of the edge: what is due soon comes by itself, what is due later when told.
 *
 * @module
 */

import { setImmediate } from "node:timers";

interface Waiting {
  task: () => void;
  dueMs: number;
}

export interface TestTurns {
  nowMs(): number;
  soon(task: () => void): void;
  later(task: () => void, delayMs: number): () => void;
  /** Lets time pass: runs what falls due, in order, what that adds included. */
  advance(ms: number): void;
  /** The program stands still: what fell due meanwhile runs once, late. */
  stall(ms: number): void;
}

export function testTurns(): TestTurns {
  const waiting = new Set<Waiting>();
  let nowMs = 0;
  function runNext(untilMs: number, at = (dueMs: number) => dueMs): boolean {
    const [next] = [...waiting].sort((a, b) => a.dueMs - b.dueMs);
    if (!next || next.dueMs > untilMs) return false;
    waiting.delete(next);
    nowMs = at(next.dueMs);
    next.task();
    return true;
  }
  return {
    nowMs: () => nowMs,
    soon: (task) => void setImmediate(task),
    later(task, delayMs) {
      const item = { task, dueMs: nowMs + delayMs };
      waiting.add(item);
      return () => void waiting.delete(item);
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      while (runNext(untilMs));
      nowMs = untilMs;
    },
    stall(ms) {
      nowMs += ms;
      while (runNext(nowMs, () => nowMs));
    },
  };
}
