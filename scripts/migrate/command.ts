/**
 * `deno task migrate`: brings the database to this release's schema, and grants the origins' role
 * what they need.
 *
 * Invariant: the exit code is 0 when the database is, or would be, as this release needs it, 1 when
 * it is not, and 2 when it was used wrongly. `--plan` changes nothing.
 *
 * @module
 */

import { Command } from "commander";
import { ConfigError, type Environment } from "shared/config/read.ts";
import { readEnvFile } from "../check/environment.ts";
import { CommandFailed, type Output, UsedWrongly } from "../cli/run.ts";
import { type JsonOption, withJson } from "../cli/terminal.ts";
import {
  type MigrationPlan,
  type MigrationResult,
  planMigration,
  runMigration,
} from "./migration.ts";
import { readTarget } from "./settings.ts";

export interface MigrateTerminal extends Output {
  readonly environment: Environment;
  readText(path: string): string;
}

interface Options extends JsonOption {
  plan?: true;
  contract?: true;
  env: string[];
}

export function migrateCommand(terminal: MigrateTerminal): Command {
  const command = new Command("migrate")
    .description("Brings the database to this release's schema, as its owner: before a roll.")
    .option("--plan", "only say what would be done")
    .option(
      "--contract",
      "no process of the release before is left: also take away what only it needed",
    )
    .option(
      "--env <file>",
      "settings from a file, which goes before the environment; again for more",
      (file: string, files: string[]) => [...files, file],
      [] as string[],
    );
  return withJson(command).addHelpText(
    "after",
    `
It connects by DATABASE_OWNER_URL and grants to DATABASE_ORIGIN_ROLE. It may run at any time, and as
often as you like: origins of this release and of the one before work with what it leaves.`,
  ).action(async (options: Options) => {
    const { plan: planOnly, json, contract = false } = options;
    const target = targetOf(terminal, options);
    if (planOnly) {
      const plan = await planMigration(target, { contract });
      for (const line of json ? [JSON.stringify(plan)] : linesOfPlan(plan)) terminal.print(line);
      if (plan.faults.length > 0) {
        throw new CommandFailed(`Cannot migrate: ${plan.faults.join("; ")}`);
      }
      return;
    }
    const result = await runMigration(target, { contract });
    for (const line of json ? [JSON.stringify(result)] : linesOfResult(result)) {
      terminal.print(line);
    }
  });
}

function targetOf({ environment, readText }: MigrateTerminal, { env }: Options) {
  const files = env.map((file) => readEnvFile(file, readText).values);
  try {
    return readTarget(Object.assign({}, environment, ...files));
  } catch (error) {
    if (error instanceof ConfigError) throw new UsedWrongly(error.message);
    throw error;
  }
}

function linesOfPlan({ pending, waiting, unknown, grants }: MigrationPlan): string[] {
  const lines = [
    ...pending.map((name) => `would run    ${name}`),
    ...waiting.map(waits),
    ...unknown.map((name) => `newer        ${name}, which this release does not know`),
    ...grants.map((statement) => `would do     ${statement}`),
  ];
  return lines.length > 0 ? lines : ["nothing to do"];
}

function linesOfResult({ ran, waiting, granted }: MigrationResult): string[] {
  return [
    ...ran.map((name) => `ran          ${name}`),
    ...waiting.map(waits),
    ...granted.map((statement) => `did          ${statement}`),
    "The database is as this release needs it",
  ];
}

function waits(name: string): string {
  return `waits        ${name}, for --contract: once no process of the release before is left`;
}
