/**
 * A program that runs in the simulated world: its clock, its timers, its life and its end.
 *
 * Invariant: nothing of a program that was killed has any effect on the world afterwards: neither
 * its timers nor its answers come back to it, and what it still says is heard by nobody.
 *
 * @module
 */

import type { Moment } from "origin/moments.ts";
import type { Turns } from "shared/turns.ts";
import type { Cancel, Timeline } from "./timeline.ts";

/** Where a program can be made to die. */
export type CrashPoint = Moment | "in commit" | "while publishing";

export class Process {
  readonly name: string;
  readonly turns: Turns;
  /** By how much its wall clock is ahead. */
  skewMs = 0;
  readonly #timeline: Timeline;
  readonly #onDeath: (() => void)[] = [];
  #alive = true;
  #crashedAt: CrashPoint | undefined;
  #stalledUntilMs = 0;
  /** What came while it stood still, in order. */
  #missed: (() => void)[] = [];
  #crash: { point: CrashPoint; left: number } | undefined;

  constructor(name: string, timeline: Timeline) {
    this.name = name;
    this.#timeline = timeline;
    const startMs = timeline.nowMs;
    this.turns = {
      nowMs: () => timeline.nowMs - startMs,
      soon: (task) => void this.after(0, task),
      later: (task, delayMs) => this.after(delayMs, task),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Where it was made to die, if that is why it is dead. */
  get crashedAt(): CrashPoint | undefined {
    return this.#crashedAt;
  }

  /** Its wall clock: ms since 1970. */
  readonly now = (): number => this.#timeline.nowMs + this.skewMs;

  readonly every = (task: () => void, intervalMs: number): () => void => {
    let cancel: Cancel = () => {};
    const again = () =>
      cancel = this.after(intervalMs, () => {
        again();
        task();
      });
    again();
    return () => cancel();
  };

  /** Runs `task` in this program after a delay: later, while it stands still; never, once dead. */
  after(delayMs: number, task: () => void): Cancel {
    // Also what it has missed while it stood still can be taken back.
    let left: (() => void) | undefined = task;
    const cancel = this.#timeline.after(delayMs, () => {
      if (!this.#alive || !left) return;
      if (this.#isBehind) this.#missed.push(() => left?.());
      else left();
    });
    return () => {
      left = undefined;
      cancel();
    };
  }

  /** Runs `task` in this program now, unless it stands still, or is dead. */
  run(task: () => void): void {
    if (!this.#alive) return;
    if (this.#isBehind) this.#missed.push(task);
    else task();
  }

  /** Stands still, like a machine that swaps: everything that comes meanwhile is handled after. */
  stall(ms: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#timeline.nowMs + ms);
    this.#timeline.after(ms, () => this.#catchUp());
  }

  wakeUp(): void {
    this.#stalledUntilMs = 0;
    this.#catchUp();
  }

  /** Dies when it has come to `point` so many times more. */
  crashAt(point: CrashPoint, left: number): void {
    this.#crash = { point, left };
  }

  spare(): void {
    this.#crash = undefined;
  }

  /** To be said wherever it can be made to die. True: it just has. */
  reached(point: CrashPoint): boolean {
    if (this.#crash?.point !== point || --this.#crash.left > 0) return false;
    this.#crashedAt = point;
    this.kill();
    return true;
  }

  get #standsStill(): boolean {
    return this.#stalledUntilMs > this.#timeline.nowMs;
  }

  get #isBehind(): boolean {
    return this.#missed.length > 0 || this.#standsStill;
  }

  /** One after the other, each with all that follows from it. */
  #catchUp(): void {
    if (this.#standsStill) return;
    const task = this.#missed.shift();
    if (!task) return;
    if (this.#alive) task();
    if (this.#missed.length > 0) this.#timeline.after(0, () => this.#catchUp());
  }

  onDeath(task: () => void): void {
    this.#onDeath.push(task);
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const task of this.#onDeath) task();
  }
}
