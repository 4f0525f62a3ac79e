/**
 * The verdict on a run: the first thing that must not be, and was.
 *
 * Invariant: what was found is kept, wherever in the program's code it was found, and the run stops
 * at once: what is thrown there might be taken for a fault and be retried.
 *
 * @module
 */

import type { Timeline } from "../model/timeline.ts";

export class Judge {
  readonly #timeline: Timeline;
  #violation: string | undefined;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get violation(): string | undefined {
    return this.#violation;
  }

  readonly fail = (violation: string): void => {
    this.#violation ??= violation;
    this.#timeline.stop();
  };

  /** Something of ours threw where nothing may. */
  readonly threw = (error: unknown): void => {
    this.fail(`the program threw: ${error instanceof Error ? error.stack : error}`);
  };
}
