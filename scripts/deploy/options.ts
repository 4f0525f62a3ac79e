/**
 * What may be said to `deno task deploy`.
 *
 * Invariant: options that it returns can be acted upon; anything else ends as a usage error.
 *
 * @module
 */

import { Command, InvalidArgumentError, Option } from "commander";
import { duration } from "../cli/arguments.ts";
import { type JsonOption, withJson } from "../cli/terminal.ts";
import type { ProgramKind } from "../dev/start_command.ts";
import { isReleaseId, type ReleaseId } from "./release.ts";
import type { TargetName } from "./target.ts";
import { TARGETS } from "./targets.ts";

export interface DeployOptions extends JsonOption {
  target: Record<ProgramKind, TargetName>;
  plan?: true;
  only?: ProgramKind;
  env: string[];
  yes?: true;
  dirty?: true;
  smokeToken: string[];
  readyWithin: number;
  /** `true`: to the one before. */
  rollback?: ReleaseId | true;
  stop?: true;
}

const DEFAULT_TARGET: Record<ProgramKind, TargetName> = { edge: "local", origin: "local" };
const READY_WITHIN_S = 60;

export function deployCommand(): Command {
  const command = new Command("deploy")
    .description("Brings this commit into service, without anybody noticing; or puts it back.")
    .addOption(
      new Option(
        "--target <name>",
        "where, of those below; edge=NAME or origin=NAME for one of the programs",
      ).argParser(readTarget).default(DEFAULT_TARGET, "local"),
    )
    .option("--plan", "only say what would be done")
    .addOption(
      new Option("--only <program>", "only one of the programs").choices(["edge", "origin"]),
    )
    .option(
      "--env <file>",
      "settings from a file: FILE for all, edge=FILE, origin=FILE or migrate=FILE; again for more",
      collect,
      [] as string[],
    )
    .option("--yes", "do not ask")
    .option("--rollback [release]", "back to this release, or to the one before", readRelease)
    .option("--dirty", "take the work tree as it is, with what is not committed")
    .option(
      "--smoke-token <jwt>",
      "a token for the smoke test, where an issuer signs them; twice, of two users",
      collect,
      [] as string[],
    )
    .addOption(
      new Option("--ready-within <duration>", "how long a replica may take to be ready")
        .argParser(duration).default(READY_WITHIN_S, "60s"),
    )
    .addOption(new Option("--stop", "end what runs there, edges first").conflicts("rollback"));
  const ofTargets = new Set(Object.values(TARGETS).flatMap(({ options }) => options));
  for (const option of ofTargets) command.addOption(option);
  return withJson(command).addHelpText(
    "after",
    `
Targets:
${Object.values(TARGETS).map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n")}

Settings are read from the environment; what a file says goes before it. Exit codes: 0 done,
1 failed, and what was rolled is back, 2 used wrongly. scripts/deploy/DEPLOY.md tells it step by step.`,
  );
}

/** What was said that no target asked for hears: it was meant for another. In words. */
export function unheardOptions(command: Command, { target }: DeployOptions): string[] {
  const chosen = [...new Set([target.edge, target.origin])];
  const heard = new Set(chosen.flatMap((name) => TARGETS[name].options));
  const said = new Set(Object.values(TARGETS).flatMap(({ options }) => options))
    .difference(heard);
  return [...said].filter((option) =>
    command.getOptionValueSource(option.attributeName()) === "cli"
  ).map((option) => {
    const hearing = Object.values(TARGETS).filter(({ options }) => options.includes(option));
    const others = hearing.map(({ name }) => `--target ${name}`).join(" or ");
    return `${option.long} says nothing to ${chosen.join(" and ")}: say ${others}`;
  });
}

function collect(one: string, before: string[]): string[] {
  return [...before, one];
}

function readTarget(
  text: string,
  before: Record<ProgramKind, TargetName>,
): Record<ProgramKind, TargetName> {
  const [, program, name] = /^(?:(edge|origin)=)?(.+)$/.exec(text) ?? [];
  if (!(name! in TARGETS)) {
    throw new InvalidArgumentError(`There are ${Object.keys(TARGETS).join(", ")}.`);
  }
  const target = name as TargetName;
  return program ? { ...before, [program]: target } : { edge: target, origin: target };
}

function readRelease(text: string): ReleaseId {
  if (isReleaseId(text)) return text;
  throw new InvalidArgumentError("It must be a release's id, such as deploy --plan shows.");
}
