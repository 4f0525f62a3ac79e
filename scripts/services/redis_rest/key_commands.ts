/**
 * Commands on keys of any kind: there or not, and for how long.
 *
 * @module
 */

import type { Commands } from "./command.ts";
import { glob } from "./glob.ts";
import type { Keyspace } from "./keyspace.ts";
import { CommandError, OK, parseInteger, type Reply, SYNTAX_ERROR } from "./reply.ts";

const NO_KEY = -2;
const NO_EXPIRY = -1;

export const KEY_COMMANDS: Commands = {
  PING: { arity: -1, run: (_keys, args) => ping(args) },
  DEL: { arity: -2, run: (keys, names) => count(names, (name) => keys.delete(name)) },
  EXISTS: { arity: -2, run: (keys, names) => count(names, (name) => keys.has(name)) },
  EXPIRE: { arity: -3, run: (keys, args) => expire(keys, args, "expire", 1_000) },
  PEXPIRE: { arity: -3, run: (keys, args) => expire(keys, args, "pexpire", 1) },
  TTL: { arity: 2, run: (keys, [key]) => timeToLive(keys, key!, 1_000) },
  PTTL: { arity: 2, run: (keys, [key]) => timeToLive(keys, key!, 1) },
  PERSIST: { arity: 2, run: (keys, [key]) => persist(keys, key!) },
  KEYS: { arity: 2, run: (keys, [pattern]) => keys.keys().filter(glob(pattern!)) },
  FLUSHALL: { arity: -1, run: flushAll },
};

function ping(args: string[]): Reply {
  if (args.length > 1) throw new CommandError("ERR wrong number of arguments for 'ping' command");
  return args[0] ?? { status: "PONG" };
}

function count(names: string[], is: (name: string) => boolean): number {
  return names.filter(is).length;
}

function expire(keys: Keyspace, args: string[], command: string, unitMs: number): Reply {
  const [key, amount, ...options] = args;
  const may = parseConditions(options);
  const at = keys.now() + parseInteger(amount) * unitMs;
  if (!Number.isSafeInteger(at)) {
    throw new CommandError(`ERR invalid expire time in '${command}' command`);
  }
  if (!keys.has(key!) || !may(keys.expiryOf(key!), at)) return 0;
  if (at <= keys.now()) keys.delete(key!);
  else keys.expireAt(key!, at);
  return 1;
}

type Condition = (current: number | undefined, next: number) => boolean;

function parseConditions(options: string[]): Condition {
  const given = new Set<string>();
  for (const option of options) {
    const name = option.toUpperCase();
    if (!["NX", "XX", "GT", "LT"].includes(name)) {
      throw new CommandError(`ERR Unsupported option ${option}`);
    }
    given.add(name);
  }
  if (given.has("NX") && given.size > 1) {
    throw new CommandError("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (given.has("GT") && given.has("LT")) {
    throw new CommandError("ERR GT and LT options at the same time are not compatible");
  }
  return (current, next) =>
    !(given.has("NX") && current !== undefined) &&
    !(given.has("XX") && current === undefined) &&
    !(given.has("GT") && next <= (current ?? Infinity)) &&
    !(given.has("LT") && next >= (current ?? Infinity));
}

function timeToLive(keys: Keyspace, key: string, unitMs: number): Reply {
  if (!keys.has(key)) return NO_KEY;
  const at = keys.expiryOf(key);
  return at === undefined ? NO_EXPIRY : Math.round((at - keys.now()) / unitMs);
}

function persist(keys: Keyspace, key: string): Reply {
  if (keys.expiryOf(key) === undefined) return 0;
  keys.expireAt(key, undefined);
  return 1;
}

function flushAll(keys: Keyspace, args: string[]): Reply {
  if (args.length > 1 || !/^(sync|async|)$/i.test(args[0] ?? "")) {
    throw new CommandError(SYNTAX_ERROR);
  }
  keys.clear();
  return OK;
}
