/**
 * Sparing everybody the wait for a service that is down.
 *
 * Invariant: after `failures` in a row it lets one attempt through per pause, and everything again
 * as soon as one succeeds. Pure but for its own state: the clock is handed in.
 *
 * @module
 */

export interface BreakerOptions {
  failures: number;
  pauseMs: number;
}

export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #nextTryMs = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#failures >= this.#options.failures;
  }

  /** Whether to make an attempt now; one that is allowed while open uses up the pause's only one. */
  allows(nowMs: number): boolean {
    if (!this.isOpen) return true;
    if (nowMs < this.#nextTryMs) return false;
    this.#nextTryMs = nowMs + this.#options.pauseMs;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(nowMs: number): void {
    this.#failures++;
    if (this.isOpen) this.#nextTryMs = nowMs + this.#options.pauseMs;
  }
}
