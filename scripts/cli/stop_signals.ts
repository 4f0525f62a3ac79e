/**
 * Being told to stop, by Ctrl-C or a supervisor.
 *
 * Invariant: the first signal asks; a second one ends this process at once, and what it started with
 * it.
 *
 * @module
 */

const INTERRUPTED = 130;

/** Resolves to the signal by which whoever started us asks us to stop. */
export function untilToldToStop(): Promise<Deno.Signal> {
  const stopped = Promise.withResolvers<Deno.Signal>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => stopped.resolve(signal));
    // Whoever asks twice does not want to wait: what was started ends by itself when this does.
    stopped.promise.then(() => Deno.addSignalListener(signal, () => Deno.exit(INTERRUPTED)));
  }
  return stopped.promise;
}
