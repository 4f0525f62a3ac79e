/**
 * Ranges of a sorted set, by rank and by score.
 *
 * Members are ordered by score, and those of one score by their bytes. Ranges by member
 * (`BYLEX`) are refused: nothing here uses them.
 *
 * @module
 */

import { compareBytes } from "shared/ids.ts";
import type { Keyspace } from "./keyspace.ts";
import {
  CommandError,
  formatFloat,
  parseFloatingPoint,
  parseInteger,
  type Reply,
  SYNTAX_ERROR,
} from "./reply.ts";

interface RangeOptions {
  byScore: boolean;
  reversed: boolean;
  withScores: boolean;
  limit?: { offset: number; count: number };
}

type Member = [name: string, score: number];

export function rangeOf(keys: Keyspace, [key, from, to, ...words]: string[]): Reply {
  const options = parseOptions(words, ["BYSCORE", "REV"]);
  return options.byScore
    ? byScore(keys, key!, from!, to!, options)
    : byRank(keys, key!, parseInteger(from), parseInteger(to), options);
}

export function rangeByScore(keys: Keyspace, [key, min, max, ...words]: string[]): Reply {
  return byScore(keys, key!, min!, max!, { ...parseOptions(words, []), byScore: true });
}

/** Reads `min` and `max`, of which `(` leaves out the bound itself. */
export function parseScoreRange(min: string, max: string): (score: number) => boolean {
  const low = parseBound(min), high = parseBound(max);
  return (score) =>
    (low.open ? score > low.value : score >= low.value) &&
    (high.open ? score < high.value : score <= high.value);
}

function byScore(
  keys: Keyspace,
  key: string,
  from: string,
  to: string,
  options: RangeOptions,
): Reply {
  const inRange = options.reversed ? parseScoreRange(to, from) : parseScoreRange(from, to);
  const members = sorted(keys, key, options).filter(([, score]) => inRange(score));
  const { offset, count } = options.limit ?? { offset: 0, count: -1 };
  if (offset < 0) return [];
  return flatten(members.slice(offset, count < 0 ? undefined : offset + count), options);
}

function byRank(
  keys: Keyspace,
  key: string,
  from: number,
  to: number,
  options: RangeOptions,
): Reply {
  if (options.limit) {
    throw new CommandError(
      `${SYNTAX_ERROR}, LIMIT is only supported in combination with either BYSCORE or BYLEX`,
    );
  }
  const members = sorted(keys, key, options);
  const rank = (index: number) => index < 0 ? members.length + index : index;
  const start = Math.max(0, rank(from)), end = rank(to) + 1;
  return flatten(end > start ? members.slice(start, end) : [], options);
}

function sorted(keys: Keyspace, key: string, { reversed }: RangeOptions): Member[] {
  const members = [...keys.read(key, "zset") ?? []];
  members.sort(([a, x], [b, y]) => x === y ? compareBytes(a, b) : x - y);
  return reversed ? members.reverse() : members;
}

function flatten(members: Member[], { withScores }: RangeOptions): Reply {
  return withScores
    ? members.flatMap(([name, score]) => [name, formatFloat(score)])
    : members.map(([name]) => name);
}

function parseOptions(words: string[], allowed: string[]): RangeOptions {
  const options: RangeOptions = { byScore: false, reversed: false, withScores: false };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!.toUpperCase();
    if (word === "WITHSCORES") options.withScores = true;
    else if (word === "LIMIT" && i + 2 < words.length) {
      options.limit = { offset: parseInteger(words[++i]), count: parseInteger(words[++i]) };
    } else if (!allowed.includes(word)) throw new CommandError(SYNTAX_ERROR);
    else if (word === "BYSCORE") options.byScore = true;
    else options.reversed = true;
  }
  return options;
}

function parseBound(text: string): { value: number; open: boolean } {
  const open = text.startsWith("(");
  const number = open ? text.slice(1) : text;
  // Redis reads a bound without digits as 0.
  const value = number === "" ? 0 : parseFloatingPoint(number, "ERR min or max is not a float");
  return { value, open };
}
