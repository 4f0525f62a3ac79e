/**
 * Tries plants: each in a copy of its own, with its judges one after the other; and every judge on
 * a copy in which nothing is planted, where it must find nothing.
 *
 * Invariant: only a plant whose judge is green on the source as it is counts as found by it. A plant
 * that nobody found is tried again, since what a race shows it does not show each time; a judge that
 * finds what is not there is not.
 *
 * @module
 */

import { type Copy, copyProject, plantInto } from "./copy.ts";
import type { Judge } from "./judge.ts";
import type { Expected, Plant } from "./plant.ts";
import { runJudge, type Verdict } from "./run_judge.ts";

export interface TrialOptions {
  plants: readonly Plant[];
  /** How many judges run at the same time. */
  atOnce: number;
  /**
   * The judges of each plant begin with this one, in their order and around, and those after the
   * first that finds it are not asked. Default: all of them are.
   */
  first?: number;
  report(line: string): void;
  signal: AbortSignal;
}

export interface Trial {
  /** Of each judge, on the source as it is. */
  controls: Verdict[];
  /** With several verdicts of a judge where the plant was tried again. */
  plants: { plant: Plant; verdicts: Verdict[] }[];
}

const TRIES = 3;

export async function tryPlants(options: TrialOptions): Promise<Trial> {
  const { plants, first, report, signal } = options;
  await using source = await copyProject();
  const controls: Verdict[] = [];
  const tried = plants.map((plant) => ({ plant, verdicts: [] as Verdict[] }));
  const control = (judge: Judge) => async () => {
    const verdict = await runJudge(judge, source, { signal });
    controls.push(verdict);
    report(lineOf("nothing planted", verdict));
  };
  const trial = ({ plant, verdicts }: typeof tried[number]) => async () => {
    await using copy = await copyWith(plant);
    for (let tries = 0; tries < TRIES && !isFound(verdicts); tries++) {
      for (const { judge, says } of beginningWith(plant.judges, first ?? 0)) {
        if (first !== undefined && isFound(verdicts)) return;
        const verdict = await runJudge(judge, copy, { says, signal });
        verdicts.push(verdict);
        report(lineOf(plant.name, verdict));
      }
    }
  };
  const judges = judgesOf(plants.flatMap(({ judges }) => judges));
  await runAll([...judges.map(control), ...tried.map(trial)], options.atOnce);
  return { controls, plants: tried };
}

function isFound(verdicts: readonly Verdict[]): boolean {
  return verdicts.some(({ outcome }) => outcome === "found");
}

function beginningWith<T>(all: readonly T[], first: number): T[] {
  const k = first % all.length;
  return [...all.slice(k), ...all.slice(0, k)];
}

async function copyWith(plant: Plant): Promise<Copy> {
  const copy = await copyProject();
  await plantInto(copy, plant);
  return copy;
}

function judgesOf(expected: readonly Expected[]): Judge[] {
  return [...new Map(expected.map(({ judge }) => [judge.id, judge])).values()];
}

function lineOf(name: string, { judge, outcome, ms, words }: Verdict): string {
  const line = `${name}: ${judge.id}: ${outcome} in ${(ms / 1000).toFixed(1)} s`;
  return outcome === "green" ? line : `${line}\n    ${words.replaceAll("\n", "\n    ")}`;
}

/** In their order, so many at once; the first that throws ends it. */
async function runAll(tasks: (() => Promise<void>)[], atOnce: number): Promise<void> {
  const queue = tasks.values();
  const worker = async () => {
    for (const task of queue) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
