/**
 * The one clock of a simulated world, and everything that is to happen on it.
 *
 * Invariant: what is due happens in the order of its time, and of its coming for the same time;
 * before the next thing happens, every promise has come to rest. So a run is a function of its seed.
 *
 * @module
 */

import { runMicrotasks } from "./microtasks.ts";

interface Item {
  readonly dueMs: number;
  readonly order: number;
  task: (() => void) | undefined;
}

export type Cancel = () => void;

/** 2026-03-01T12:00:00Z: gsids carry the time, so it must be one. */
export const START_MS = 1_772_366_400_000;

export class Timeline {
  #nowMs = START_MS;
  #order = 0;
  #stopped = false;
  /** A binary heap: the next item is the first. */
  readonly #heap: Item[] = [];

  /** Ms since 1970. */
  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, task: () => void): Cancel {
    const item: Item = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#push(item);
    return () => void (item.task = undefined);
  }

  /** Lets time pass: everything that falls due happens, what that adds included. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#heap[0]; next && next.dueMs <= untilMs; next = this.#heap[0]) {
      if (this.#stopped) return;
      this.#pop();
      if (!next.task) continue;
      this.#nowMs = next.dueMs;
      next.task();
      runMicrotasks();
    }
    this.#nowMs = untilMs;
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#stopped = true;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  #push(item: Item): void {
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (isBefore(heap[above]!, item)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Item, other: Item): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}
