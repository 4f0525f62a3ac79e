/**
 * The simulation by itself: `deno run -A scripts/prove/simulation/main.ts --seeds 1-1000`.
 *
 * The exit code is 1 when a seed fails; its shortest trace is then printed.
 *
 * @module
 */

import { Command } from "commander";
import { CommandFailed, runCommand } from "../../cli/run.ts";
import { explain, linesOf } from "./explain.ts";
import { search } from "./search.ts";
import { seedsFrom } from "./options.ts";

interface Options {
  seeds: { from: number; seeds: number };
  threads: number;
  coverage?: true;
}

const print = (line: string) => console.log(line);
const tell = (line: string) => console.error(line);

const command = new Command("simulation")
  .description(
    "Runs a whole system in simulated worlds, a seed each, and looks for what must not be.",
  )
  .requiredOption("--seeds <a-b>", "which; one number is one seed", seedsFrom)
  .option("--threads <n>", "how many", Number, navigator.hardwareConcurrency)
  .option("--coverage", "print how often everything happened")
  .action(async ({ seeds, threads, coverage }: Options) => {
    const startMs = performance.now();
    const found = await search({ ...seeds, threads });
    const { steps, faults, failed } = found;
    if (coverage) { for (const line of found.coverage.lines()) print(line); }
    if (failed) {
      const explanation = await explain(failed.seed);
      if (explanation) { for (const line of linesOf(failed.seed, explanation)) print(line); }
      throw new CommandFailed(`seed ${failed.seed} fails: ${failed.violation}`);
    }
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const perRun = (count: number) => (count / found.seeds).toFixed(1);
    print(
      `${found.seeds} seeds, ${perRun(steps)} steps and ${
        perRun(faults)
      } faults each, ${seconds} s`,
    );
    const { missing } = found.coverage;
    if (coverage && missing.length > 0) print(`never happened: ${missing.join(", ")}`);
  });

Deno.exit(await runCommand(command, Deno.args, { print, tell }));
