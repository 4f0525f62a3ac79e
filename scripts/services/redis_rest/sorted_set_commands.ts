/**
 * Commands that fill, empty and ask a sorted set; its ranges are in `sorted_set_ranges.ts`.
 *
 * @module
 */

import type { Commands } from "./command.ts";
import type { Keyspace } from "./keyspace.ts";
import {
  CommandError,
  formatFloat,
  parseFloatingPoint,
  type Reply,
  SYNTAX_ERROR,
} from "./reply.ts";
import { parseScoreRange, rangeByScore, rangeOf } from "./sorted_set_ranges.ts";

export const SORTED_SET_COMMANDS: Commands = {
  ZADD: { arity: -4, run: add },
  ZREM: { arity: -3, run: remove },
  ZSCORE: { arity: 3, run: (keys, [key, member]) => scoreOf(keys, key!, member!) },
  ZCARD: { arity: 2, run: (keys, [key]) => keys.read(key!, "zset")?.size ?? 0 },
  ZRANGE: { arity: -4, run: rangeOf },
  ZRANGEBYSCORE: { arity: -4, run: rangeByScore },
  ZREMRANGEBYSCORE: { arity: 4, run: removeByScore },
};

interface Addition {
  flags: Set<string>;
  pairs: [score: number, member: string][];
}

function add(keys: Keyspace, [key, ...words]: string[]): Reply {
  const { flags, pairs } = parseAddition(words);
  return keys.change(key!, "zset", (scores) => {
    let added = 0, changed = 0;
    let last: number | undefined;
    for (const [score, member] of pairs) {
      const current = scores.get(member);
      last = nextScore(flags, current, score);
      if (last === undefined) continue;
      scores.set(member, last);
      if (current === undefined) added++;
      else if (current !== last) changed++;
    }
    if (flags.has("INCR")) return last === undefined ? null : formatFloat(last);
    return flags.has("CH") ? added + changed : added;
  });
}

/** `undefined` when the flags forbid the change. */
function nextScore(
  flags: Set<string>,
  current: number | undefined,
  given: number,
): number | undefined {
  if (current === undefined) return flags.has("XX") ? undefined : given;
  if (flags.has("NX")) return;
  const next = flags.has("INCR") ? current + given : given;
  if (Number.isNaN(next)) throw new CommandError("ERR resulting score is not a number (NaN)");
  if (flags.has("GT") && next <= current) return;
  if (flags.has("LT") && next >= current) return;
  return next;
}

const FLAGS = ["NX", "XX", "GT", "LT", "CH", "INCR"];

function parseAddition(words: string[]): Addition {
  const flags = new Set<string>();
  let start = 0;
  while (FLAGS.includes(words[start]?.toUpperCase() ?? "")) {
    flags.add(words[start++]!.toUpperCase());
  }
  const rest = words.slice(start);
  if (rest.length === 0 || rest.length % 2) throw new CommandError(SYNTAX_ERROR);
  refuseContradiction(flags, rest.length / 2);
  const pairs: Addition["pairs"] = [];
  for (let i = 0; i < rest.length; i += 2) {
    pairs.push([parseFloatingPoint(rest[i]!), rest[i + 1]!]);
  }
  return { flags, pairs };
}

function refuseContradiction(flags: Set<string>, pairs: number): void {
  const has = (flag: string) => flags.has(flag);
  if (has("NX") && has("XX")) {
    throw new CommandError("ERR XX and NX options at the same time are not compatible");
  }
  if ((has("GT") && has("NX")) || (has("LT") && has("NX")) || (has("GT") && has("LT"))) {
    throw new CommandError(
      "ERR GT, LT, and/or NX options at the same time are not compatible",
    );
  }
  if (has("INCR") && pairs > 1) {
    throw new CommandError("ERR INCR option supports a single increment-element pair");
  }
}

function remove(keys: Keyspace, [key, ...members]: string[]): Reply {
  return keys.change(key!, "zset", (scores) => members.filter((m) => scores.delete(m)).length);
}

function removeByScore(keys: Keyspace, [key, min, max]: string[]): Reply {
  const inRange = parseScoreRange(min!, max!);
  return keys.change(key!, "zset", (scores) => {
    const doomed = [...scores].filter(([, score]) => inRange(score));
    for (const [member] of doomed) scores.delete(member);
    return doomed.length;
  });
}

function scoreOf(keys: Keyspace, key: string, member: string): Reply {
  const score = keys.read(key, "zset")?.get(member);
  return score === undefined ? null : formatFloat(score);
}
