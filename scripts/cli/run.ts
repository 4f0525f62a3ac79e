/**
 * Running a command of the terminal.
 *
 * Invariant: the exit code is 0 when it was done, 1 when it failed and 2 when it was used wrongly,
 * and a failure is told in words, without a stack: what whoever typed it can act upon.
 *
 * @module
 */

import { type Command, CommanderError } from "commander";

/** Ends a command with exit code 1 and its message. */
export class CommandFailed extends Error {
  override name = "CommandFailed";
}

/** Ends a command with exit code 2 and its message. */
export class UsedWrongly extends Error {
  override name = "UsedWrongly";
}

const DONE = 0, FAILED = 1, USED_WRONGLY = 2;

export interface Output {
  /** Takes a line of the result. */
  print(line: string): void;
  /** Takes a line about it. */
  tell(line: string): void;
}

/** Parses the arguments and runs what they say; resolves to the exit code. */
export async function runCommand(
  command: Command,
  args: string[],
  { print, tell }: Output,
): Promise<number> {
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({
      writeOut: (text) => print(text.trimEnd()),
      writeErr: (text) => tell(text.trimEnd()),
    });
  }
  try {
    await command.parseAsync(args, { from: "user" });
    return DONE;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : USED_WRONGLY;
    if (error instanceof UsedWrongly) {
      tell(`error: ${error.message}`);
      return USED_WRONGLY;
    }
    tell(`error: ${wordsOf(error)}`);
    return FAILED;
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}
