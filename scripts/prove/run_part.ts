/**
 * One run of one part, and what is kept of it.
 *
 * Invariant: whatever the part does, or if it does nothing any more, there is a run that tells of it.
 * What explains a failure stays in a folder of its own; of a run that passed nothing stays.
 *
 * @module
 */

import { join } from "node:path";
import type { Conditions, Part, PartContext } from "./part.ts";
import { hasPassed, type Run } from "./scoreboard.ts";

export interface RunOptions extends Pick<PartContext, "seed" | "report" | "signal"> {
  /** Where failures are kept. */
  cache: string;
  conditions: Conditions;
  /** Rejections that nobody handled, since it was asked last. */
  strays(): unknown[];
}

export interface Finished {
  run: Run;
  /** Where its histories and logs are, when it failed. */
  kept?: string;
}

/** Over three times what the longest of the short lane takes: a busy machine may need twice as long. */
const WITHIN_MS = 25 * 60_000;
/** From being told to end to having ended. */
const GRACE_MS = 60_000;

/** @throws The reason of the signal, when the run was told to end early. */
export async function runPart(part: Part, options: RunOptions): Promise<Finished> {
  const { seed, report, cache, conditions, strays } = options;
  const name = `${part.name}-${seed}`;
  const folder = await emptyFolder(join(cache, "running", name));
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  strays();
  using deadline = new Deadline(part, options.signal);
  const { signal } = deadline;
  const outcome = await attempt(() =>
    Promise.race([part.run({ seed, report, signal, folder }), deadline.passed])
  );
  const ms = Math.round(performance.now() - startedMs);
  if (options.signal.aborted) {
    await Deno.remove(folder, { recursive: true });
    throw options.signal.reason;
  }
  const unhandled = strays();
  const failures = [...outcome.failure, ...unhandled].map(wordsOf);
  const run: Run = {
    seed,
    startedAt,
    ms,
    figures: outcome.result?.figures ?? {},
    anomalies: outcome.result?.anomalies ?? [],
    ...(failures.length > 0 && { failure: failures.join("\n") }),
    ...(unhandled.length > 0 && { strays: unhandled.length }),
    conditions: { ...conditions, ...outcome.result?.conditions },
  };
  if (hasPassed(run)) {
    await Deno.remove(folder, { recursive: true });
    return { run };
  }
  await Deno.writeTextFile(join(folder, "run.json"), JSON.stringify(run, null, 2));
  return { run, kept: await keep(folder, join(cache, "failed", name)) };
}

/** Tells a part to end when its time is over, and gives up on one that does not. */
class Deadline implements Disposable {
  readonly signal: AbortSignal;
  /** Rejects some time after the part was told to end. */
  readonly passed: Promise<never>;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  constructor({ name, withinMs = WITHIN_MS }: Part, interrupted: AbortSignal) {
    const late = new AbortController();
    const minutes = Math.round(withinMs / 60_000);
    const words = `Cannot end ${name}: it was not done within ${minutes} minutes`;
    this.signal = AbortSignal.any([interrupted, late.signal]);
    this.#timers.push(setTimeout(() => late.abort(new Error(words)), withinMs));
    const passed = Promise.withResolvers<never>();
    passed.promise.catch(() => {});
    this.passed = passed.promise;
    this.signal.addEventListener("abort", () => {
      const giveUp = () => passed.reject(new Error(`Cannot end ${name}: it does not listen`));
      this.#timers.push(setTimeout(giveUp, GRACE_MS));
    });
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

async function attempt<T>(run: () => Promise<T>): Promise<{ result?: T; failure: unknown[] }> {
  try {
    return { result: await run(), failure: [] };
  } catch (error) {
    return { failure: [error] };
  }
}

async function emptyFolder(path: string): Promise<string> {
  await removeIfThere(path);
  await Deno.mkdir(path, { recursive: true });
  return path;
}

async function keep(folder: string, place: string): Promise<string> {
  await removeIfThere(place);
  await Deno.mkdir(join(place, ".."), { recursive: true });
  await Deno.rename(folder, place);
  return place;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\nbecause of ${wordsOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
