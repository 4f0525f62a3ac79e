/**
 * What a trial of plants shows: whether the proof is worth something.
 *
 * Invariant: a plant that nobody found, and a judge that finds what is not there, are anomalies, and
 * what that judge says it saw is one, too; a judge that missed one which another found is a figure.
 * Pure.
 *
 * @module
 */

import { ANOMALY_NAMES } from "../anomaly_names.ts";
import { type Anomaly, anomaly, type Figures } from "../part.ts";
import type { Verdict } from "./run_judge.ts";
import type { Trial } from "./trial.ts";

export function faultsIn({ controls, plants }: Trial): Anomaly[] {
  const wrong = controls.filter(({ outcome }) => outcome !== "green");
  const trusted = new Set(
    controls.filter(({ outcome }) => outcome === "green")
      .map(({ judge }) => judge.id),
  );
  const missed = plants.filter(({ verdicts }) =>
    !verdicts.some(({ judge, outcome }) => outcome === "found" && trusted.has(judge.id))
  );
  return [
    ...(wrong.length > 0
      ? [
        anomaly("found-what-is-not-there", ...wrong.map(wordsOf)),
        ...seenIn(wrong),
      ]
      : []),
    ...(missed.length > 0
      ? [anomaly("plant-not-found", ...missed.map(({ plant }) => `${plant.name}: ${plant.about}`))]
      : []),
  ];
}

/**
 * Nothing is planted there: what was seen happened to the source as it is, and may be worse than a
 * judge that was in too much of a hurry.
 */
function seenIn(controls: readonly Verdict[]): Anomaly[] {
  return ANOMALY_NAMES.flatMap((name) => {
    const seen = controls.filter(({ words }) =>
      words.split("\n").some((line) => line.startsWith(`ANOMALY ${name},`))
    );
    return seen.length > 0 ? [anomaly(name, ...seen.map(wordsOf))] : [];
  });
}

function wordsOf({ judge, words }: Verdict): string {
  return `${judge.id}: ${words}`;
}

export function figuresIn({ controls, plants }: Trial): Figures {
  const verdicts = plants.flatMap((tried) => tried.verdicts);
  const found = verdicts.filter(({ outcome }) => outcome === "found");
  const first = plants.flatMap((tried) => {
    const times = tried.verdicts.filter(({ outcome }) => outcome === "found").map(({ ms }) => ms);
    return times.length > 0 ? [Math.min(...times)] : [];
  });
  return {
    plants: plants.length,
    plants_found: first.length,
    judges: controls.length,
    verdicts: verdicts.length,
    verdicts_missed: verdicts.length - found.length,
    slowest_find_max_ms: Math.max(0, ...first),
  };
}
