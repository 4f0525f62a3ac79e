/**
 * The way back: what was rolled runs what it ran before.
 *
 * Invariant: edges go first, as a new edge may need a new origin, and one program that cannot be taken
 * back keeps no other from it. What is taken back need only be ready: it ran before, and nothing better
 * is at hand.
 *
 * @module
 */

import type { ProgramKind } from "../dev/start_command.ts";
import { wordsOf } from "./perform.ts";
import { BACK } from "./plan.ts";
import type { ReleaseId } from "./release.ts";
import type { Target } from "./target.ts";

export interface WayBack {
  targets: Readonly<Record<ProgramKind, Target>>;
  /** What each ran before; not there: nothing. */
  before: Partial<Record<ProgramKind, ReleaseId>>;
  report(line: string): void;
}

/** Resolves to why something could not be taken back, in words; to nothing when all was. */
export async function goBack(
  rolled: ReadonlySet<ProgramKind>,
  { targets, before, report }: WayBack,
): Promise<string | undefined> {
  const failures: string[] = [];
  for (const kind of BACK.filter((one) => rolled.has(one))) {
    const release = before[kind];
    try {
      if (release === undefined) await targets[kind].stop(kind);
      else await targets[kind].roll(kind, release, () => Promise.resolve());
      report(release === undefined ? `${kind}s have ended` : `${kind}s run ${release} again`);
    } catch (error) {
      failures.push(`Cannot take the ${kind}s back: ${wordsOf(error)}`);
      report(failures.at(-1)!);
    }
  }
  return failures.length > 0 ? failures.join("\n") : undefined;
}
