/**
 * The simulation as a part of the proof: ten thousand worlds, and none of them may break a promise.
 *
 * @module
 */

import { join } from "node:path";
import { anomaly, type Part } from "../part.ts";
import { explain, linesOf } from "./explain.ts";
import { STEPS } from "./schedule/choice.ts";
import { search } from "./search.ts";

const SEEDS = 10_000;
/** So that each run of the part has seeds of its own. */
const RUNS = Math.floor(2 ** 32 / SEEDS);
const THREADS = 2;
const REPORT_EVERY = 1_000;

export const simulation: Part = {
  name: "simulation",
  about:
    `${SEEDS} worlds of real edges and origins on models of everything else, faults of every kind`,
  minutes: 3,
  alone: true,
  replays: true,
  async run({ seed, report, signal, folder }) {
    const from = (seed % RUNS) * SEEDS;
    let told = 0;
    const found = await search({
      from,
      seeds: SEEDS,
      threads: THREADS,
      signal,
      onProgress({ seeds }) {
        if (seeds < told + REPORT_EVERY) return;
        told = seeds;
        report(`${seeds} seeds`);
      },
    });
    const { coverage, failed } = found;
    for (const line of coverage.lines()) report(line);
    const { missing } = coverage;
    const anomalies = missing.length > 0 ? [anomaly("not-taken", ...missing)] : [];
    if (failed) {
      const explanation = await explain(failed.seed);
      const lines = explanation ? linesOf(failed.seed, explanation) : [failed.violation];
      await Deno.writeTextFile(join(folder, `seed-${failed.seed}.txt`), lines.join("\n"));
      anomalies.push(anomaly("violation", `seed ${failed.seed}: ${failed.violation}`));
    }
    return {
      figures: { seeds: found.seeds, steps: found.steps, faults: found.faults },
      anomalies,
      conditions: { steps_per_seed: STEPS, threads: THREADS },
    };
  },
};
