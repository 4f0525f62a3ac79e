/**
 * Keeping the stream there: made at the start, and again when the server comes back without it.
 *
 * Invariant: nobody waits for it. Without it messages flow as before; edges only lose the short way
 * to what they missed.
 *
 * @module
 */

import { ensureStream, type StreamOptions } from "shared/bus/jetstream.ts";
import type { NatsBus } from "shared/bus/nats.ts";
import type { Every } from "./audit/every.ts";

export interface KeepStreamOptions extends StreamOptions {
  bus: NatsBus;
  every: Every;
  onFault: (error: unknown) => void;
}

const RETRY_MS = 2_000;

export function keepStream(options: KeepStreamOptions): AsyncDisposable {
  const { bus, every, onFault } = options;
  let isEnsured = false;
  let ensuring: Promise<void> | undefined;
  const tick = () => {
    if (isEnsured || ensuring || bus.status === "disconnected") return;
    ensuring = ensureStream(bus, options)
      .then(() => void (isEnsured = true), onFault)
      .finally(() => ensuring = undefined);
  };
  bus.onStatus(() => {
    isEnsured = false;
    tick();
  });
  const stop = every(tick, RETRY_MS);
  tick();
  return {
    async [Symbol.asyncDispose]() {
      stop();
      isEnsured = true;
      await ensuring;
    },
  };
}
