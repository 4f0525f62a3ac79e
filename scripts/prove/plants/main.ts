/**
 * Tries plants by hand: `main.ts [--kind history] [NAME…]`, or all of them. What each judge said is
 * printed; the exit code is 1 when a plant was found by nobody, or a judge found what is not there.
 *
 * @module
 */

import { Command, InvalidArgumentError } from "commander";
import { runCommand } from "../../cli/run.ts";
import { integerFrom } from "../../cli/arguments.ts";
import { faultsIn } from "./outcome.ts";
import type { Plant } from "./plant.ts";
import { PLANTS } from "./plants.ts";
import { markdownOf } from "./table.ts";
import { tryPlants } from "./trial.ts";

const print = (line: string) => console.log(line);
const tell = (line: string) => console.error(line);

const plantNamed = (name: string, chosen: Plant[] = []) => {
  const plant = PLANTS.find((one) => one.name === name);
  if (plant) return [...chosen, plant];
  throw new InvalidArgumentError(`There are: ${PLANTS.map((one) => one.name).join(", ")}.`);
};

const command = new Command("plants")
  .description("Puts known bugs into copies of the source, and sees who finds them.")
  .argument("[plant...]", "only these", plantNamed)
  .option("--kind <kind>", "only judges of this kind: history, simulation, explorer or test")
  .option("--at-once <n>", "how many judges run at the same time", integerFrom(1, 64), 2)
  .action(async (chosen: Plant[], { kind, atOnce }: { kind?: string; atOnce: number }) => {
    const plants = (chosen.length > 0 ? chosen : PLANTS).map((plant) => ({
      ...plant,
      judges: plant.judges.filter(({ judge }) => kind === undefined || judge.kind === kind),
    }));
    const signal = new AbortController().signal;
    const trial = await tryPlants({ plants, atOnce, report: tell, signal });
    print(markdownOf(trial));
    const faults = faultsIn(trial);
    for (const { name, examples } of faults) tell(`${name}: ${examples.join("; ")}`);
    if (faults.length > 0) Deno.exitCode = 1;
  });

const code = await runCommand(command, Deno.args, { print, tell });
Deno.exit(code || Deno.exitCode);
