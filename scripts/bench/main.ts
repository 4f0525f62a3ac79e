/**
 * `deno task bench`: what a system on this machine carries; `--quick` is under a minute.
 *
 * @module
 */

import { Command } from "commander";
import { integerFrom } from "../cli/arguments.ts";
import { CommandFailed, runCommand } from "../cli/run.ts";
import { progressWriter } from "../dev/progress.ts";
import { startSystem } from "../dev/system.ts";
import { faultsOf, type Outcome, summaryOf, tableOf } from "./report.ts";
import { runScenario } from "./run_scenario.ts";
import { QUICK } from "./scenario.ts";

interface BenchOptions {
  quick?: true;
  edges: number;
  origins: number;
  seconds?: number;
  only?: string;
}

const WARM_MS = 1_500;
const QUICK_S = 6, FULL_S = 30;
const encoder = new TextEncoder();
const tell = (line: string) => console.error(line);
const print = (line: string) => console.log(line);

const command = new Command("bench")
  .description("Measures direct and group messages on a system that it starts, durably stored.")
  .option("--edges <n>", "how many edges", integerFrom(1, 16), 1)
  .option("--origins <n>", "how many origins", integerFrom(1, 16), 1)
  .option("--quick", `${QUICK_S} s for each scenario instead of ${FULL_S}`)
  .option("--seconds <n>", "how long each scenario is measured", integerFrom(1, 600))
  .option("--only <words>", "only scenarios whose name holds these words")
  .action(bench);

async function bench(
  { edges, origins, quick, only = "", ...options }: BenchOptions,
): Promise<void> {
  const seconds = options.seconds ?? (quick ? QUICK_S : FULL_S);
  const report = progressWriter(
    (text) => void Deno.stderr.writeSync(encoder.encode(text)),
    Deno.stderr.isTerminal(),
  );
  await using system = await startSystem({
    edges,
    origins,
    durable: true,
    env: { LOG_LEVEL: "warning" },
    edgeEnv: { SEND_RATE_PER_S: "0", COMMAND_RATE_PER_S: "0", CONNECT_RATE_PER_S: "0" },
    report,
  });
  const outcomes: Outcome[] = [];
  for (const scenario of QUICK.filter(({ name }) => name.includes(only))) {
    tell(`  ${scenario.name} …`);
    const { state } = system;
    outcomes.push(
      await runScenario(scenario, { state, warmMs: WARM_MS, measureMs: seconds * 1000 }),
    );
  }
  tell(`\n${tableOf(outcomes)}\n`);
  const cores = navigator.hardwareConcurrency;
  print(
    JSON.stringify({
      bench: quick ? "quick" : "full",
      seconds,
      edges,
      origins,
      cores,
      results: outcomes.map(summaryOf),
    }),
  );
  const faults = outcomes.flatMap(faultsOf);
  if (faults.length > 0) throw new CommandFailed(faults.join("; "));
}

Deno.exit(await runCommand(command, Deno.args, { print, tell }));
