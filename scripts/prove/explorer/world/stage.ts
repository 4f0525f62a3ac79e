/**
 * One state on which steps are taken, each from the beginning.
 *
 * Invariant: the state itself is never changed: a step works on a copy, and ends with `done`.
 *
 * @module
 */

import type { Emit } from "../engine/search.ts";
import type { Bends } from "./bends.ts";
import type { Chapter } from "./chapter.ts";
import type { Edge } from "./edge.ts";
import { AT, FIELD_WIDTHS } from "./fields.ts";
import { STEP, type StepName } from "./steps.ts";

export class Stage {
  readonly edge: Edge;
  readonly bends: Bends;
  chapters: readonly Chapter[] = [];
  /** The state before the step. */
  now: Int32Array = new Int32Array(FIELD_WIDTHS.length);
  readonly #next = new Int32Array(FIELD_WIDTHS.length);
  #emit: Emit = () => {};

  constructor(edge: Edge, bends: Bends) {
    this.edge = edge;
    this.bends = bends;
  }

  set(now: Int32Array, emit: Emit): void {
    this.now = now;
    this.#emit = emit;
  }

  get chapter(): Chapter {
    return this.chapters[this.now[AT.chapter]!]!;
  }

  get head(): number {
    return this.chapter.history.head;
  }

  /** A copy that a step may change. */
  copy(): Int32Array {
    this.#next.set(this.now);
    return this.#next;
  }

  /** A copy, of which one more of what is limited has happened; `undefined`: no more may. */
  spend(field: number): Int32Array | undefined {
    if (this.now[field] === 0) return;
    const s = this.copy();
    s[field]!--;
    return s;
  }

  /** The step was taken on the last copy. `progress`: it needs no fault, and leads to rest. */
  done(name: StepName, progress: boolean, first = 0, second = 0): void {
    this.#emit(this.#next, progress, STEP[name], first, second);
  }
}
