/**
 * A system whose parts are supervised: what it says of itself, and a hand on each part.
 *
 * Invariant: an id is that of a part of this system, or is refused. Knows nothing of how a system is
 * started, nor of what its parts do.
 *
 * @module
 */

import type { State } from "./state.ts";
import type { Supervised } from "./supervised.ts";

export interface System extends AsyncDisposable {
  /** As it is now; every read is up to date. */
  readonly state: State;
  /** Ends a part without asking; resolves when it is gone. */
  kill(id: string): Promise<Deno.CommandStatus>;
  /** Asks a part to end in good order; resolves to how it did. */
  terminate(id: string): Promise<Deno.CommandStatus>;
  signal(id: string, signal: Deno.Signal): void;
  /** Resolves when the process that is this part now has ended, to how it did. */
  ended(id: string): Promise<Deno.CommandStatus>;
  /** Starts a part that is down, and waits until it is ready. */
  restart(id: string): Promise<void>;
  /** The folder of the logs, one file a part. */
  readonly logs: string;
}

export abstract class SupervisedSystem implements System {
  abstract readonly state: State;
  abstract readonly logs: string;

  async kill(id: string): Promise<Deno.CommandStatus> {
    const { status } = this.#part(id);
    this.signal(id, "SIGKILL");
    return await status;
  }

  async terminate(id: string): Promise<Deno.CommandStatus> {
    const { status } = this.#part(id);
    this.signal(id, "SIGTERM");
    return await status;
  }

  signal(id: string, signal: Deno.Signal): void {
    this.#part(id).signal(signal);
  }

  ended(id: string): Promise<Deno.CommandStatus> {
    return this.#part(id).status;
  }

  restart(id: string): Promise<void> {
    return this.#part(id).restart();
  }

  abstract [Symbol.asyncDispose](): Promise<void>;

  /** `undefined`: it has no such part. */
  protected abstract find(id: string): Supervised | undefined;

  #part(id: string): Supervised {
    const part = this.find(id);
    if (!part) throw new RangeError(`Cannot find "${id}": no part of this system has that name`);
    return part;
  }
}
