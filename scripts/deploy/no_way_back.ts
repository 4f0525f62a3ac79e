/**
 * What whoever says `--rollback` is told where there is nothing to go back to, or more than one way.
 *
 * Invariant: where a program does not run, it names what to say instead. Nothing is started for a word
 * that names no release: whoever has stopped it may want the same again, or anything but that. Pure.
 *
 * @module
 */

import type { ProgramKind } from "../dev/start_command.ts";
import { byTime, lastDone, type ReleaseRecord } from "./record.ts";
import type { ReleaseId } from "./release.ts";
import type { Installed } from "./target.ts";

/** A program that was asked for, at its target. */
export interface Asked {
  kind: ProgramKind;
  where: string;
  installed: Pick<Installed, "records" | "replicas">;
  /** Why its last release that was done cannot come back, if it cannot. */
  lost?: string;
}

/** `asked`: not empty, in the order in which programs start. */
export function noWayBack(asked: readonly Asked[]): string {
  const [{ where, installed: { records } }] = asked as [Asked];
  const none = `there is no release to go back to at ${where}`;
  const kept = `these are kept: ${keptIn(records)}`;
  const runs = asked.some(({ kind, installed }) =>
    installed.replicas.some((one) => one.kind === kind)
  );
  if (runs) return `${none}; --rollback RELEASE takes one by its name, and ${kept}`;
  const lost = asked.find((one) => one.lost !== undefined)?.lost;
  const instead = lost ?? startOf(asked) ?? "a deployment is the first to begin there";
  return `${none}, where nothing runs: ${instead}; ${kept}`;
}

/** Where one of the programs that were deployed last was stopped since. */
export interface InPart {
  stopped: Asked;
  runs: ProgramKind;
  /** What the one that runs would go back to; not there: nothing. */
  before?: ReleaseId | undefined;
}

/** Whether it is to stay down is not guessed: each way is named. */
export function stoppedInPart({ stopped, runs, before }: InPart): string {
  const { kind, where, lost, installed: { records } } = stopped;
  const ways: string[] = [];
  if (before !== undefined) {
    ways.push(`--rollback --only ${runs} for the ${runs}s alone, back to ${before}`);
    const isOfBoth = records.some(({ id, programs }) => id === before && programs.includes(kind));
    if (isOfBoth && lost === undefined) ways.push(`--rollback ${before} for both`);
  }
  const last = lastDone(kind, records);
  if (last && lost === undefined) {
    ways.push(`--rollback ${last.id} --only ${kind} for the ${kind}s as they were last done`);
  }
  const none = `the ${kind}s at ${where} were deployed last too, and run no more`;
  const say = ways.length > 0 ? `say ${ways.join(", or ")}` : undefined;
  return `${none}: ${[say, lost].filter((one) => one !== undefined).join("; ")}`;
}

/** In the order of their time. */
export function keptIn(records: readonly ReleaseRecord[]): string {
  return byTime(records).map(({ id }) => id).join(", ") || "none";
}

/** What brings back what each program was last that did well. */
function startOf(asked: readonly Asked[]): string | undefined {
  const last = asked.flatMap(({ kind, installed }) => {
    const id = lastDone(kind, installed.records)?.id;
    return id === undefined ? [] : [{ kind, id }];
  });
  if (last.length === 0) return undefined;
  const isOne = asked.length > 1 && last.length === asked.length &&
    new Set(last.map(({ id }) => id)).size === 1;
  if (isOne) return `say --rollback ${last[0]!.id} for the last one that was done`;
  const each = last.map(({ kind, id }) => `--rollback ${id} --only ${kind}`);
  return `say ${each.join(", then ")} for the last one that was done`;
}
