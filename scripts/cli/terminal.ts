/**
 * What a command may touch: where it prints, its environment, and the running system's addresses.
 *
 * Invariant: results go to standard output, one line each; all else goes to standard error, so
 * that a program may read the output.
 *
 * @module
 */

import { type Command, Option } from "commander";
import { DEFAULT_STATE_FILE, readState, type State } from "../dev/state.ts";
import { type Reached, reachedBy } from "./reached.ts";
import { CommandFailed, type Output } from "./run.ts";

export interface Terminal extends Output {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Resolves when whoever typed the command has had enough. */
  readonly interrupted: Promise<void>;
}

export interface StateOption {
  state: string;
}

export interface SystemOption extends StateOption {
  env: string[];
}

export interface JsonOption {
  json?: true;
}

export function withState(command: Command): Command {
  const option = new Option("--state <file>", "the running system's state file");
  return command.addOption(option.default(DEFAULT_STATE_FILE));
}

/** Besides, by its settings: a deployment has no state file. */
export function withSystem(command: Command): Command {
  return withState(command).option(
    "--env <file>",
    "instead: the settings of a deployment on this machine, edge=FILE and origin=FILE",
    (file: string, files: string[]) => [...files, file],
    [] as string[],
  );
}

export function withJson(command: Command): Command {
  return command.option("--json", "print JSON, for programs");
}

/** @throws {CommandFailed} When no system runs; whether a deployment does, is not asked. */
export async function runningSystem({ env, ...options }: SystemOption): Promise<Reached> {
  return env.length > 0 ? reachedBy(env, Deno.readTextFileSync) : await runningState(options);
}

/** @throws {CommandFailed} When no system runs. */
export async function runningState({ state: file }: StateOption): Promise<State> {
  const state = await readState(file);
  if (state) return state;
  throw new CommandFailed(`nothing runs: there is no "${file}". Start it with: deno task dev`);
}
