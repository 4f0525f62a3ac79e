/**
 * The store: commands in, answers out, as Redis would give them.
 *
 * Invariant: a command that it does not know, or that Redis would refuse, is an error and changes
 * nothing, so that a command nobody wrote here cannot pass unnoticed. Knows no HTTP and no clock but
 * the one it is given. `contract_test.ts` holds it to a real Redis.
 *
 * @module
 */

import type { Command, Commands } from "./command.ts";
import { HASH_COMMANDS } from "./hash_commands.ts";
import { KEY_COMMANDS } from "./key_commands.ts";
import { Keyspace } from "./keyspace.ts";
import { CommandError, type Reply } from "./reply.ts";
import { SORTED_SET_COMMANDS } from "./sorted_set_commands.ts";
import { STRING_COMMANDS } from "./string_commands.ts";

export type Outcome = { result: Reply } | { error: string };

const COMMANDS: Commands = {
  ...KEY_COMMANDS,
  ...STRING_COMMANDS,
  ...HASH_COMMANDS,
  ...SORTED_SET_COMMANDS,
};

const ABORTED = "EXECABORT Transaction discarded because of previous errors.";

export class RedisStore {
  #keys: Keyspace;

  constructor(options: { now: () => number }) {
    this.#keys = new Keyspace(options.now);
  }

  execute(words: string[]): Outcome {
    try {
      return { result: find(words).run(this.#keys, words.slice(1)) };
    } catch (error) {
      if (error instanceof CommandError) return { error: error.message };
      throw error;
    }
  }

  /** All or, when one of them is no command, none; one that fails does not undo the others. */
  transaction(commands: string[][]): Outcome[] | { error: string } {
    if (commands.some((words) => !isCommand(words))) return { error: ABORTED };
    return commands.map((words) => this.execute(words));
  }
}

function find([name = "", ...args]: string[]): Command {
  const command = Object.hasOwn(COMMANDS, name.toUpperCase())
    ? COMMANDS[name.toUpperCase()]
    : undefined;
  if (!command) {
    const shown = args.map((arg) => `'${arg}' `).join("");
    throw new CommandError(`ERR unknown command '${name}', with args beginning with: ${shown}`);
  }
  const { arity } = command, words = args.length + 1;
  if (arity < 0 ? words < -arity : words !== arity) {
    throw new CommandError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
  }
  return command;
}

function isCommand(words: string[]): boolean {
  try {
    return find(words) !== undefined;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
