/**
 * `deno task check`: tries every setting and whatever the settings name, and says what to mend.
 *
 * Invariant: the exit code is 0 when nothing is a failure, 1 when something is, and 2 when it was
 * used wrongly. Nothing that is stored is changed, and nobody is pushed to.
 *
 * @module
 */

import { Argument, Command } from "commander";
import type { Environment } from "shared/config/read.ts";
import { CommandFailed, type Output } from "../cli/run.ts";
import { type JsonOption, withJson } from "../cli/terminal.ts";
import { check } from "./check.ts";
import { type EnvFile, environmentsOf, readEnvFile } from "./environment.ts";
import { checkSecretFiles, readableBy } from "./files.ts";
import { count, type Finding, warning } from "./finding.ts";
import { namesBeside, ownFileOf, programOf, readOwn } from "./own.ts";
import type { CheckDeps } from "./probe.ts";
import { readReplicas } from "./replicas.ts";
import { type ProgramName, strangersIn } from "./settings.ts";
import { summary, table } from "./table.ts";
import { judgeUsers } from "./users.ts";

export interface CheckTerminal extends Output {
  readonly environment: Environment;
  /** The command of `deno task origin`. */
  readonly originTask: string;
}

interface CheckOptions extends JsonOption {
  env: string[];
  config?: true;
  token?: string;
  beforeMigrate?: boolean;
}

export function checkCommand(terminal: CheckTerminal, deps: CheckDeps): Command {
  const command = new Command("check")
    .description("Tries every setting, and whatever the settings name; says what to mend, and how.")
    .addArgument(new Argument("[program]", "only one of the two").choices(["edge", "origin"]))
    .option(
      "--env <file>",
      "settings from a file: FILE for both programs, edge=FILE or origin=FILE; again for more",
      (file: string, files: string[]) => [...files, file],
      [] as string[],
    )
    .option("--config", "only the settings; nothing is connected to")
    .option("--before-migrate", "deno task migrate follows: what it brings is not missed yet")
    .option("--token <jwt>", "also whether an edge would take this token, and why not");
  return withJson(command).addHelpText(
    "after",
    `
Settings are read from the environment; what a file says goes before it. Run it where the programs
run, as the user that they run as. Exit codes: 0 all is well or only warned of, 1 a failure,
2 used wrongly.`,
  ).action(async (program: ProgramName | undefined, options: CheckOptions) => {
    const findings = await find(program, options, terminal, deps);
    if (options.json) terminal.print(JSON.stringify(findings));
    else for (const line of [...table(findings), "", summary(findings)]) terminal.print(line);
    const failures = count(findings, "failure");
    if (failures > 0) throw new CommandFailed(`${failures} to mend`);
  });
}

async function find(
  program: ProgramName | undefined,
  { env, config, token, beforeMigrate = false }: CheckOptions,
  { environment, originTask }: CheckTerminal,
  deps: CheckDeps,
): Promise<Finding[]> {
  const programs = program ? [program] : ["edge", "origin"] as const;
  const files = env.map((argument) => readEnvFile(argument, deps.readText));
  const own = files.flatMap((file) => ownFilesOf(file, deps.readText));
  const replicas = own.flatMap(({ replica }) => programOf(replica) ? [replica] : []);
  const environments = {
    ...environmentsOf(environment, files),
    own: readOwn(files, replicas, deps.readText),
  };
  const { findings, ...settings } = readReplicas(programs, environments, deps.readText);
  const found = [
    ...findings,
    ...[...files, ...own].flatMap(({ path, programs, values }) => [
      ...strangersIn(path, programs, Object.keys(values)),
      ...checkSecretFiles([path], undefined).filter(({ level }) => level !== "ok"),
    ]),
    ...own.flatMap(judgeName),
    ...judgeUsers(settings.users),
  ];
  if (config) return found;
  return [
    ...found,
    ...await check({ ...settings, token, beforeMigrate, readable: readableBy(originTask) }, deps),
  ];
}

interface OwnFile extends EnvFile {
  replica: string;
}

/** What single replicas are told besides. */
function ownFilesOf({ path, programs }: EnvFile, readText: CheckDeps["readText"]): OwnFile[] {
  return namesBeside(path).flatMap((replica) => {
    const program = programOf(replica);
    if (program && !programs.includes(program)) return [];
    const file = ownFileOf(path, replica);
    const of = program ? [program] : programs;
    return [{ ...readEnvFile(file, readText), programs: of, replica }];
  });
}

function judgeName({ path, replica }: OwnFile): Finding[] {
  if (programOf(replica)) return [];
  const mend = "Call it as a replica is called: edge-0, edge-1 and so on";
  return [warning(path, `no replica is called ${replica}, so none is told what is in it`, mend)];
}
