/**
 * `deno run -A scripts/prove/explorer/main.ts`: every state of small worlds.
 *
 * @module
 */

import { Command } from "commander";
import { randomFrom } from "testing/random.ts";
import { CONFIGURATIONS } from "./all.ts";
import { inLane } from "./configurations.ts";
import { run, sentenceOf } from "./run.ts";

const MAX_STATES = 40_000_000;

interface Options {
  only: string;
  deep: boolean;
  traces: boolean;
  seed: number;
}

const command = new Command("explorer")
  .description("Explores every state of small worlds made of the real code")
  .option("--only <text>", "those whose name begins like this", "")
  .option("--deep", "also those that take long", false)
  .option("--traces", "the shortest trace also of what should be found", false)
  .option("--seed <number>", "for the walks that check the tables", Number, 1)
  .action(explore);

async function explore({ only, deep, traces, seed }: Options): Promise<void> {
  const lane = inLane(CONFIGURATIONS, deep || only !== "" ? "deep" : "short");
  const chosen = lane.filter(({ name }) => name.startsWith(only));
  for (const configuration of chosen) {
    const outcome = await run(configuration, {
      maxStates: MAX_STATES,
      random: randomFrom(seed),
      nowMs: () => performance.now(),
    });
    console.log(sentenceOf(outcome));
    const { problem, found } = outcome;
    if (problem !== undefined) Deno.exitCode = 1;
    if (!found || (problem === undefined && !traces)) continue;
    found.trace.forEach((step, i) => console.log(`  ${i + 1}. ${step}`));
  }
}

await command.parseAsync(["", "", ...Deno.args]);
