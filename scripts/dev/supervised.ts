/**
 * One supervised part of a system: started, watched, started again when it ends.
 *
 * Invariant: at most one process of it runs at a time, and none after `stop`. When it is started
 * again is decided by `planRestart`. Knows nothing of what the part does: `start` does.
 *
 * @module
 */

import { signalProcess } from "../services/process.ts";
import { planRestart } from "./supervise.ts";

/** A process that runs; disposal ends it in good order. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  /** The end of what it wrote, for an error message. */
  lastWords?(): string;
}

export interface SupervisedOptions {
  id: string;
  /** Starts it, each time with the same addresses. */
  start: () => Promise<Running>;
  /** Whether it is started again when it ends of itself or is killed. */
  restart: boolean;
  /** Told when another process runs than before. */
  onRestart: (id: string) => void;
}

export class Supervised implements AsyncDisposable {
  readonly id: string;
  readonly #options: SupervisedOptions;
  #running: Running | undefined;
  #pid = 0;
  #status!: Promise<Deno.CommandStatus>;
  #lastWords = () => "";
  #startedAtMs = 0;
  #quickEnds = 0;
  #restarting: ReturnType<typeof setTimeout> | undefined;
  #starting: Promise<void> | undefined;
  #stopping = false;

  private constructor(options: SupervisedOptions) {
    this.id = options.id;
    this.#options = options;
  }

  static async start(options: SupervisedOptions): Promise<Supervised> {
    const supervised = new Supervised(options);
    await supervised.#launch();
    return supervised;
  }

  /** Of the process that runs, or ran last. */
  get pid(): number {
    return this.#pid;
  }

  /** The end of the process that runs, or ran last. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#status;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Of the process that runs, or ran last. */
  lastWords(): string {
    return this.#lastWords();
  }

  signal(signal: Deno.Signal): void {
    if (this.#running) signalProcess(this.#pid, signal);
  }

  /** Starts it now, if it is down. */
  async restart(): Promise<void> {
    clearTimeout(this.#restarting);
    if (this.#stopping || this.#running) return;
    this.#starting ??= this.#relaunch().finally(() => this.#starting = undefined);
    await this.#starting;
  }

  /** Ends it for good: asks, waits, then kills. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restarting);
    await this.#starting;
    await this.#running?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #relaunch(): Promise<void> {
    try {
      await this.#launch();
    } catch {
      // It says why in its log; here it counts as one more process that ended at once.
      this.#planNext();
      return;
    }
    this.#options.onRestart(this.id);
  }

  async #launch(): Promise<void> {
    this.#startedAtMs = performance.now();
    const running = await this.#options.start();
    this.#running = running;
    this.#pid = running.pid;
    this.#status = running.status;
    this.#lastWords = () => running.lastWords?.() ?? "";
    running.status.then(() => {
      this.#running = undefined;
      this.#planNext();
    });
  }

  #planNext(): void {
    if (this.#stopping || !this.#options.restart) return;
    const livedMs = performance.now() - this.#startedAtMs;
    const { delayMs, quickEnds } = planRestart(livedMs, this.#quickEnds);
    this.#quickEnds = quickEnds;
    this.#restarting = setTimeout(() => this.restart(), delayMs);
  }
}
