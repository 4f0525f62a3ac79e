/**
 * Walks the push pages that are open, as long as there are any, and looks for new ones every second.
 *
 * @module
 */

import type { Every } from "./every.ts";
import { forgetPages, type PageDeps, walkPage } from "./push_pages.ts";

export interface PagerDeps extends PageDeps {
  every: Every;
  events: PagerEvents;
}

export interface PagerEvents {
  walked(page: { jobs: number }): void;
  failed(error: unknown): void;
}

const LOOK_MS = 1_000;
const LOOKS_PER_FORGETTING = 60;

export class Pager implements AsyncDisposable {
  readonly #deps: PagerDeps;
  readonly #stack = new DisposableStack();
  #running: Promise<void> | undefined;
  #looks = 0;

  constructor(deps: PagerDeps) {
    this.#deps = deps;
    this.#stack.defer(deps.every(() => this.nudge(), LOOK_MS));
  }

  /** There is work: need not be called, but makes it start sooner. */
  nudge(): void {
    if (this.#running || this.#stack.disposed) return;
    this.#running = this.#walk().catch((error) => this.#deps.events.failed(error))
      .finally(() => this.#running = undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stack.dispose();
    await this.#running;
  }

  async #walk(): Promise<void> {
    while (!this.#stack.disposed) {
      const page = await walkPage(this.#deps);
      // Two that walk one group together would ask everything twice.
      if (!page || page === "taken") break;
      this.#deps.events.walked(page);
    }
    if (++this.#looks % LOOKS_PER_FORGETTING === 0) await forgetPages(this.#deps.sql);
  }
}
