/**
 * Keeping the stream there: made at the start, again when the server comes back without it, and
 * again when somebody deletes it.
 *
 * Invariant: nobody waits for it. Without it messages flow as before; edges only lose the short way
 * to what they missed. Its limits are set at the start and after a reconnect alone, so that two
 * releases that run side by side do not change them back and forth.
 *
 * @module
 */

import { ensureStream, hasStream, type StreamOptions } from "shared/bus/jetstream.ts";
import type { NatsBus } from "shared/bus/nats.ts";
import type { Every } from "./audit/every.ts";

export interface KeepStreamOptions extends StreamOptions {
  bus: NatsBus;
  every: Every;
  events: StreamEvents;
}

export interface StreamEvents {
  /** It was not there, and this origin made it. */
  made(): void;
  failed(error: unknown): void;
}

export interface KeptStream extends AsyncDisposable {
  /** Whether it was there when it was looked for last. */
  readonly isThere: boolean;
}

/** Nothing tells that a stream is gone: a publish to it is answered by nobody. */
const LOOK_MS = 2_000;

export function keepStream(options: KeepStreamOptions): KeptStream {
  const { bus, every, events } = options;
  let isThere = false, ended = false;
  let looking: Promise<void> | undefined;
  async function look(): Promise<void> {
    try {
      if (isThere && await hasStream(bus)) return;
      isThere = false;
      if (await ensureStream(bus, options)) events.made();
      isThere = true;
    } catch (error) {
      isThere = false;
      events.failed(error);
    }
  }
  const tick = () => {
    if (ended || looking || bus.status === "disconnected") return;
    looking = look().finally(() => looking = undefined);
  };
  bus.onStatus(() => {
    isThere = false;
    tick();
  });
  const stop = every(tick, LOOK_MS);
  tick();
  return {
    get isThere() {
      return isThere;
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      stop();
      await looking;
    },
  };
}
