/**
 * The explorer as a part of the proof: every state of small worlds, and every broken rule found.
 *
 * @module
 */

import { join } from "node:path";
import { randomFrom } from "testing/random.ts";
import { type Anomaly, anomaly, type Part } from "../part.ts";
import { CONFIGURATIONS } from "./all.ts";
import { inLane } from "./configurations.ts";
import { type Outcome, run, sentenceOf } from "./run.ts";

const MAX_STATES = 10_000_000;

export const explorer: Part = {
  name: "explorer",
  about: "every state of small worlds made of the real cores; rules broken on purpose are found",
  minutes: 2,
  replays: true,
  async run({ seed, report, signal, folder }) {
    const anomalies: Anomaly[] = [];
    const figures = { worlds: 0, states: 0, steps: 0, broken_rules: 0 };
    for (const configuration of inLane(CONFIGURATIONS, "short")) {
      const outcome = await run(configuration, {
        maxStates: MAX_STATES,
        signal,
        random: randomFrom(seed),
        nowMs: () => performance.now(),
      });
      report(sentenceOf(outcome));
      if (configuration.finds === undefined) figures.worlds++;
      else figures.broken_rules++;
      figures.states += outcome.states;
      figures.steps += outcome.steps;
      const { problem } = outcome;
      if (problem === undefined) continue;
      anomalies.push(
        anomaly(outcome.found ? "violation" : "not-taken", `${outcome.name}: ${problem}`),
      );
      await Deno.writeTextFile(join(folder, `${fileNameOf(outcome)}.txt`), textOf(outcome));
    }
    return { figures, anomalies };
  },
};

function fileNameOf({ name }: Outcome): string {
  return name.replaceAll(/[^a-z0-9]+/gi, "-");
}

function textOf(outcome: Outcome): string {
  const steps = outcome.found?.trace.map((step, i) => `${i + 1}. ${step}`) ?? [];
  return [sentenceOf(outcome), ...steps, ""].join("\n");
}
