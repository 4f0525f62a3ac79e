/**
 * A port of another machine on this one, held open by a program such as ssh or kubectl.
 *
 * Invariant: when it is given, something answers there; it is gone when it is disposed of, and with us
 * at the latest.
 *
 * @module
 */

import { join } from "node:path";
import { claimPorts } from "../../services/claimed_ports.ts";
import { startProcess } from "../../services/process.ts";
import { waitUntil } from "../../services/wait_until.ts";

export interface Reached extends AsyncDisposable {
  /** On this machine's loopback. */
  readonly port: number;
}

export interface ForwardOptions {
  /** Whose port it is, for an error. */
  to: string;
  /** The program that holds it open, with its words. */
  words(port: number): [string, ...string[]];
}

const WITHIN_MS = 20_000;

export async function forward({ to, words }: ForwardOptions): Promise<Reached> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "fanfare-forward-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const [port] = stack.use(claimPorts(1)).ports as [number];
  const [command, ...args] = words(port);
  const process = startProcess(command, {
    name: `a forward to ${to}`,
    args,
    logFile: join(folder, "log"),
  });
  stack.defer(() => process.stop());
  await waitUntil(async () => {
    if (process.ended()) throw new Error(`Cannot reach ${to}: ${process.lastWords()}`);
    return await answers(port) || undefined;
  }, { what: `a forward to ${to}`, withinMs: WITHIN_MS, everyMs: 20 });
  const owned = stack.move();
  return { port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
