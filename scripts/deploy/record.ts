/**
 * What is written down of a release, at its target, and what follows from such records.
 *
 * Invariant: a record names settings and never holds a value of one. Pure.
 *
 * @module
 */

import type { ProgramKind } from "../dev/start_command.ts";
import { type ReleaseId, timeIn } from "./release.ts";

export type Outcome = "done" | "rolled back" | "failed";

export interface ReleaseRecord {
  id: ReleaseId;
  version: string;
  commit: string;
  dirty: boolean;
  /** ISO 8601, as all times. */
  at: string;
  /** Who deployed it, as `user@machine`. */
  by: string;
  /** What was rolled, or was to be. */
  programs: ProgramKind[];
  /** The names of what was set. */
  settings: Record<ProgramKind, string[]>;
  /** Those that ran with it. */
  migrations: string[];
  /** What ran before. */
  previous: Partial<Record<ProgramKind, ReleaseId>>;
  outcome: Outcome;
  /** Which step failed, and why; or who took it back. */
  why?: string;
}

/** What of a replica tells which release a program runs. */
interface Runs {
  readonly kind: ProgramKind;
  readonly release: ReleaseId;
}

/** What is known of each program, at its target. */
type Installations = Readonly<
  Record<ProgramKind, { replicas: readonly Runs[]; records: readonly ReleaseRecord[] }>
>;

const KINDS = ["origin", "edge"] as const satisfies readonly ProgramKind[];

/** What is written down before a roll: what becomes of it replaces it. */
export const UNFINISHED = "it was not brought to an end";

/** How many releases of a program stay at a target. */
export const KEPT = 5;

/**
 * What a program runs. While several releases do, as after a deployment that was interrupted, it is
 * the one that is known to be good.
 */
export function currentOf(
  kind: ProgramKind,
  replicas: readonly Runs[],
  records: readonly Pick<Dated, "id" | "at" | "outcome">[],
): ReleaseId | undefined {
  const running = replicas.filter((one) => one.kind === kind).map(({ release }) => release);
  const good = records.filter(({ id, outcome }) => outcome === "done" && running.includes(id));
  return byTime(good).at(-1)?.id ?? running[0];
}

/**
 * What each program goes back to: what ran before the newest release that runs, or where that did not
 * do well, or is not kept, the last one before it that did. Programs that do not run the newest have
 * nothing to go back from, unless they are asked for by name.
 */
export function wayBack(
  installed: Installations,
  only?: ProgramKind,
): Partial<Record<ProgramKind, ReleaseId>> {
  return Object.fromEntries(
    newestRunning(installed, only ? [only] : KINDS).flatMap(({ kind, release, records }) => {
      const before = releaseBefore(kind, release, records);
      return before === undefined ? [] : [[kind, before]];
    }),
  );
}

/**
 * The program that was deployed with the newest release that runs, did well before, and runs no more:
 * somebody has stopped it. One that did not run when a deployment began that was killed has not.
 */
export function stoppedSince(installed: Installations): ProgramKind | undefined {
  const newest = newestRunning(installed, KINDS);
  return KINDS.find((kind) => {
    const { replicas, records } = installed[kind];
    return !replicas.some((one) => one.kind === kind) &&
      lastDone(kind, records) !== undefined &&
      newest.some(({ release }) =>
        records.some(({ id, programs, previous, outcome }) =>
          id === release && programs.includes(kind) &&
          (outcome !== "failed" || previous[kind] !== undefined)
        )
      );
  });
}

/** What runs the newest release that runs. */
function newestRunning(installed: Installations, kinds: readonly ProgramKind[]) {
  const running = kinds.flatMap((kind) => {
    const { replicas, records } = installed[kind];
    return replicas.filter((one) => one.kind === kind).map(({ release }) => ({
      ...{ kind, release, records },
      at: atOf(release, records),
    }));
  });
  const newest = running.reduce((latest, { at }) => at > latest ? at : latest, "");
  return running.filter(({ at }) => at === newest);
}

function releaseBefore(
  kind: ProgramKind,
  release: ReleaseId,
  records: readonly ReleaseRecord[],
): ReleaseId | undefined {
  const at = atOf(release, records);
  const good = doneOf(kind, records).filter((one) => one.at < at);
  const previous = records.find(({ id }) => id === release)?.previous[kind];
  return good.find(({ id }) => id === previous)?.id ?? good.at(-1)?.id;
}

/** The last release of a program that was done. */
export function lastDone(
  kind: ProgramKind,
  records: readonly ReleaseRecord[],
): ReleaseRecord | undefined {
  return doneOf(kind, records).at(-1);
}

function doneOf(kind: ProgramKind, records: readonly ReleaseRecord[]): ReleaseRecord[] {
  return byTime(records).filter(({ outcome, programs }) =>
    outcome === "done" && programs.includes(kind)
  );
}

/** Of one whose deployment was killed early there is no record: its id tells the time as well. */
function atOf(release: ReleaseId, records: readonly ReleaseRecord[]): string {
  return records.find(({ id }) => id === release)?.at ?? timeIn(release);
}

/** What a record must hold for a release to be kept or removed by it. */
export type Dated = Pick<ReleaseRecord, "id" | "at" | "outcome" | "programs">;

/**
 * All but the last ones of each program; what runs stays, however old. Those that failed are counted
 * by themselves: five attempts that went wrong take away nothing that could be gone back to.
 */
export function releasesToRemove(
  records: readonly Dated[],
  running: Iterable<ReleaseId>,
): ReleaseId[] {
  const sorted = byTime(records);
  const good = sorted.filter(({ outcome }) => outcome === "done");
  const last = (some: readonly Dated[]) => some.slice(-KEPT).map(({ id }) => id);
  const stays = new Set([
    ...running,
    ...last(good.filter(({ programs }) => programs.includes("origin"))),
    ...last(good.filter(({ programs }) => programs.includes("edge"))),
    ...last(sorted.filter((one) => !good.includes(one))),
  ]);
  return sorted.map(({ id }) => id).filter((id) => !stays.has(id));
}

/** The oldest first. */
export function byTime<One extends Pick<Dated, "at">>(records: readonly One[]): One[] {
  return records.toSorted((one, other) => one.at < other.at ? -1 : one.at > other.at ? 1 : 0);
}
