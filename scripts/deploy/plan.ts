/**
 * What a deployment will do: its steps in order, each with where, what changes, and the way back.
 *
 * Invariant: nothing is done that is not in the plan, and in its order. What is rolled forward,
 * origins first, goes back in the other order: a new edge may need a new origin, never the reverse.
 * Only where no origin runs, they come first in any case. Pure.
 *
 * @module
 */

import type { ProgramKind } from "../dev/start_command.ts";
import { type Dated, releasesToRemove } from "./record.ts";
import type { ReleaseId } from "./release.ts";
import type { Installed, Target } from "./target.ts";

export type StepName =
  | "stage"
  | "preflight"
  | "migrate"
  | "streams"
  | "origins"
  | "edges"
  | "smoke"
  | "record"
  | "clean";

export interface Step {
  name: StepName;
  /** Where it happens. */
  where: string;
  changes: string;
  /** How it is undone; `-` where nothing changes. */
  undo: string;
}

/** The target of each program; often one for both. */
export type Targets = Readonly<Record<ProgramKind, Place>>;

/** What the plan needs to know of a target. */
export interface Place extends Pick<Target, "name" | "where"> {
  /** Whether tasks are run there, and not here. */
  runsTasks: boolean;
  installed: Installed;
}

export interface Intent {
  /** What the deployment is called by: the newest of them. */
  release: ReleaseId;
  /** What each program is to run. */
  releases: Readonly<Partial<Record<ProgramKind, ReleaseId>>>;
  /** Back to one that ran before: it is there, and so is all that it needs. */
  back: boolean;
  programs: readonly ProgramKind[];
  targets: Targets;
  /** Of the release, in the database; or why that is not known. */
  pendingMigrations: readonly string[] | string;
  /** What is to be mended of the stream; or why that is not known. */
  streamChanges: readonly string[] | string;
  /** Why the smoke test is left out, if it is. */
  smokeLeftOut?: string;
  /** Where pushes go to, if they do anywhere. */
  pushedBy: readonly string[];
}

const NOTHING = "-";
const HERE = "this machine";
export const FORWARD = ["origin", "edge"] as const satisfies readonly ProgramKind[];
export const BACK = ["edge", "origin"] as const satisfies readonly ProgramKind[];

export function planSteps(intent: Intent): Step[] {
  const rolls = orderOf(intent).map((kind) => rollOf(kind, intent));
  const after = [...smokeOf(intent), recordOf(intent)];
  if (intent.back) return [...rolls, ...after];
  return [...beforeOf(intent), ...rolls, ...after, ...cleanOf(intent)];
}

/** What the plan is for, in a line. */
export function planTitle(intent: Intent): string {
  const { back, programs, targets } = intent;
  const before = new Set(programs.map((kind) => targets[kind].installed.current[kind]));
  before.delete(undefined);
  const instead = before.size > 0 ? `, in place of ${[...before].join(" and ")}` : "";
  return `${back ? "Back to " : ""}${releasesInWords(intent)}${instead}`;
}

/** What is brought into service; where programs differ, with which is which. */
export function releasesInWords({ release, releases, programs }: Intent): string {
  if (new Set(programs.map((kind) => releases[kind])).size <= 1) return release;
  return programs.map((kind) => `${releases[kind]} (${kind}s)`).join(" and ");
}

/** Where no origin runs, edges that come first would wait for one in vain: also on the way back. */
function orderOf({ back, programs, targets }: Intent): ProgramKind[] {
  const isHeard = targets.origin.installed.current.origin !== undefined;
  return (back && isHeard ? BACK : FORWARD).filter((kind) => programs.includes(kind));
}

/** A target that runs tasks is looked at from there, and so only once the release is there. */
function beforeOf(intent: Intent): Step[] {
  const { programs, targets } = intent;
  const stage: Step = {
    name: "stage",
    where: placesOf(intent),
    changes: "its files, packages and settings are brought there",
    undo: "they stay, unused",
  };
  const preflight: Step = {
    name: "preflight",
    where: whereTasksRun(intent),
    changes: "nothing: every setting and what it names is tried",
    undo: NOTHING,
  };
  const first = programs.some((kind) => targets[kind].runsTasks)
    ? [stage, preflight]
    : [preflight, stage];
  return programs.includes("origin") ? [...first, migrateOf(intent), streamsOf(intent)] : first;
}

function migrateOf(intent: Intent): Step {
  const { pendingMigrations: pending } = intent;
  return {
    name: "migrate",
    where: `Postgres, from ${whereTasksRun(intent)}`,
    changes: describe(pending, "nothing is pending"),
    undo: pending.length === 0 ? NOTHING : "none is needed: it only adds",
  };
}

function streamsOf(intent: Intent): Step {
  const { streamChanges: changes } = intent;
  return {
    name: "streams",
    where: `NATS, from ${whereTasksRun(intent)}`,
    changes: describe(changes, "nothing: it is as it should be"),
    undo: changes.length === 0 ? NOTHING : "none is needed: it serves both",
  };
}

function describe(found: readonly string[] | string, nothing: string): string {
  if (typeof found === "string") return `not known yet: ${found}`;
  return found.join(", ") || nothing;
}

function rollOf(kind: ProgramKind, { targets }: Intent): Step {
  const { where, installed: { current, replicas } } = targets[kind];
  const running = replicas.filter((replica) => replica.kind === kind).length;
  const from = current[kind];
  return {
    name: kind === "origin" ? "origins" : "edges",
    where,
    changes: from === undefined
      ? `the first ${kind}s begin`
      : `${count(running, kind)} replaced, one at a time`,
    undo: from === undefined ? "they end" : `to ${from}`,
  };
}

function smokeOf({ programs, targets, smokeLeftOut, pushedBy }: Intent): Step[] {
  const isTried = programs.includes("edge") || targets.edge.installed.current.edge !== undefined;
  if (!isTried) return [];
  const changes = smokeLeftOut === undefined
    ? ["two users of its own talk on every edge", ...pushedBy.map((one) => `${one} is asked`)]
      .join(", ")
    : `left out: ${smokeLeftOut}`;
  return [{ name: "smoke", where: targets.edge.where, changes, undo: NOTHING }];
}

function recordOf(intent: Intent): Step {
  const changes = "what became of it is written down";
  return { name: "record", where: placesOf(intent), changes, undo: NOTHING };
}

function cleanOf(intent: Intent): Step[] {
  return distinctPlaces(intent).flatMap(({ where, installed: { records, current } }) => {
    const own: Dated = {
      ...{ id: intent.release, outcome: "done", programs: [...intent.programs] },
      at: "~", // Newer than all.
    };
    const old = releasesToRemove([...records, own], Object.values(current));
    if (old.length === 0) return [];
    return [{ name: "clean" as const, where, changes: `removed: ${old.join(", ")}`, undo: "none" }];
  });
}

function distinctPlaces({ programs, targets }: Intent): Place[] {
  const byName = new Map(programs.map((kind) => [targets[kind].name, targets[kind]]));
  return [...byName.values()];
}

function whereTasksRun({ programs, targets }: Intent): string {
  const kind = programs.includes("origin") ? "origin" : "edge";
  return targets[kind].runsTasks ? targets[kind].where : HERE;
}

function placesOf(intent: Intent): string {
  return distinctPlaces(intent).map(({ where }) => where).join(" and ");
}

function count(n: number, kind: ProgramKind): string {
  return `${n} ${kind}${n === 1 ? "" : "s"}`;
}
