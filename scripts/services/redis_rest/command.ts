/**
 * What a command of the store is made of.
 *
 * @module
 */

import type { Keyspace } from "./keyspace.ts";
import type { Reply } from "./reply.ts";

export interface Command {
  /** How many words, the name among them; negative: at least so many. As in Redis's own table. */
  arity: number;
  run: (keys: Keyspace, args: string[]) => Reply;
}

export type Commands = Record<string, Command>;
