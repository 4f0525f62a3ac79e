/**
 * Trying things that may hang, all at the same time.
 *
 * Invariant: every probe has an answer within its limit, whatever it tries; one that throws or is late
 * is a finding like any other. Nothing that a probe opened is left when its answer is there, if it
 * minds the signal.
 *
 * @module
 */

import { failure, type Finding } from "./finding.ts";

export interface Probe {
  /** What is said to have failed when the probe itself does. */
  subject: string;
  /** May throw; lets go of everything once `signal` is aborted. */
  run(signal: AbortSignal): Promise<Finding[]>;
}

/** What a probe needs of the world around it. */
export interface CheckDeps {
  /** Wall clock, ms since 1970. */
  nowMs(): number;
  /** Monotonic. */
  elapsedMs(): number;
  /** @throws {Error} When it cannot be read. */
  readText(path: string): string;
}

export const LIMIT_MS = 5_000;
/** A probe that was told to stop may take so long to put away what it opened. */
const GRACE_MS = 1_000;

/** In the order of the probes. */
export async function runProbes(
  probes: readonly Probe[],
  limitMs = LIMIT_MS,
): Promise<Finding[]> {
  return (await Promise.all(probes.map((probe) => runProbe(probe, limitMs)))).flat();
}

async function runProbe({ subject, run }: Probe, limitMs: number): Promise<Finding[]> {
  const limit = new AbortController();
  const running = run(limit.signal).catch((error) => [unexpected(subject, error)]);
  const found = await raced(running, limitMs);
  if (found) return found;
  limit.abort();
  await raced(running, GRACE_MS);
  const says = `No answer within ${limitMs / 1000} s`;
  return [
    failure(subject, says, "See whether it hangs, or whether a firewall swallows the packets"),
  ];
}

/** `undefined` when it took too long. */
async function raced<T>(work: Promise<T>, limitMs: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function unexpected(subject: string, error: unknown): Finding {
  const mend = "Nothing that is known: see whether the setting names what it should";
  return failure(subject, wordsOf(error), mend);
}

/** An error in one line, its causes with it, and without the passwords of addresses. */
export function wordsOf(error: unknown): string {
  return wordsWithCauses(error).replaceAll(/\s+/g, " ").replaceAll(/\/\/[^/@\s]+@/g, "//")
    .slice(0, MAX_WORDS);
}

const MAX_WORDS = 300;

function wordsWithCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || (error as { code?: string }).code || error.name;
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  const words = inner instanceof Error ? wordsWithCauses(inner) : "";
  return own.includes(words) ? own : `${own}: ${words}`;
}
