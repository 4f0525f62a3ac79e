/**
 * The store as the read-only token of Upstash shows it.
 *
 * Invariant: what may change anything is refused in the words that Upstash has for it, and so is
 * what it does not count as reading: listing keys. Alone, in a pipeline and in a transaction.
 *
 * @module
 */

import type { Outcome, RedisStore } from "./store.ts";

export type CommandTaker = Pick<RedisStore, "execute" | "transaction">;

const READS = new Set([
  ...["PING", "GET", "EXISTS", "TTL", "PTTL"],
  ...["HGET", "HMGET", "HGETALL", "HEXISTS", "HLEN"],
  ...["ZRANGE", "ZRANGEBYSCORE", "ZSCORE", "ZCARD"],
]);

const ABORTED = "EXECABORT Transaction discarded because of previous errors.";

export function readOnly(store: CommandTaker): CommandTaker {
  const execute = (words: string[]): Outcome => refusalOf(words) ?? store.execute(words);
  return {
    execute,
    transaction: (commands) =>
      commands.some(refusalOf) ? { error: ABORTED } : store.transaction(commands),
  };
}

function refusalOf([name = ""]: string[]): { error: string } | undefined {
  if (READS.has(name.toUpperCase())) return;
  const command = name.toLowerCase();
  return {
    error: `NOPERM this user has no permissions to run the '${command}' command or its subcommand`,
  };
}
