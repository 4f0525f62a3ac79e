/**
 * Commands on plain values.
 *
 * @module
 */

import type { Commands } from "./command.ts";
import type { Keyspace } from "./keyspace.ts";
import { CommandError, OK, parseInteger, type Reply, SYNTAX_ERROR } from "./reply.ts";

export const STRING_COMMANDS: Commands = {
  GET: { arity: 2, run: (keys, [key]) => keys.read(key!, "string") ?? null },
  SET: { arity: -3, run: set },
};

interface SetOptions {
  only?: "NX" | "XX";
  answersOld: boolean;
  keepsExpiry: boolean;
  expiresAt?: number;
}

function set(keys: Keyspace, [key, value, ...words]: string[]): Reply {
  const options = parseOptions(words, keys.now());
  const old = options.answersOld ? keys.read(key!, "string") ?? null : null;
  const refused = options.only === (keys.has(key!) ? "NX" : "XX");
  if (!refused) {
    const expiresAt = options.keepsExpiry ? keys.expiryOf(key!) : options.expiresAt;
    keys.write(key!, "string", value!, expiresAt);
  }
  if (options.answersOld) return old;
  return refused ? null : OK;
}

const EXPIRIES: Record<string, (amount: number, now: number) => number> = {
  EX: (seconds, now) => now + seconds * 1_000,
  PX: (ms, now) => now + ms,
  EXAT: (seconds) => seconds * 1_000,
  PXAT: (ms) => ms,
};

function parseOptions(words: string[], now: number): SetOptions {
  const options: SetOptions = { answersOld: false, keepsExpiry: false };
  let expiry: [at: (amount: number, now: number) => number, amount: string] | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!.toUpperCase();
    const other = word === "NX" ? "XX" : "NX";
    if (word === "GET") options.answersOld = true;
    else if ((word === "NX" || word === "XX") && options.only !== other) options.only = word;
    else if (word === "KEEPTTL" && !expiry) options.keepsExpiry = true;
    else if (
      Object.hasOwn(EXPIRIES, word) && !expiry && !options.keepsExpiry && i + 1 < words.length
    ) {
      expiry = [EXPIRIES[word]!, words[++i]!];
    } else throw new CommandError(SYNTAX_ERROR);
  }
  if (expiry) options.expiresAt = parseExpiry(...expiry, now);
  return options;
}

function parseExpiry(
  at: (amount: number, now: number) => number,
  amount: string,
  now: number,
): number {
  const value = parseInteger(amount);
  const expiresAt = at(value, now);
  if (value > 0 && Number.isSafeInteger(expiresAt)) return expiresAt;
  throw new CommandError("ERR invalid expire time in 'set' command");
}
