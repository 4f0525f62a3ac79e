/**
 * Commands on hashes: fields and values under one key.
 *
 * @module
 */

import type { Commands } from "./command.ts";
import type { Keyspace } from "./keyspace.ts";
import { CommandError, type Reply } from "./reply.ts";

export const HASH_COMMANDS: Commands = {
  HSET: { arity: -4, run: setFields },
  HDEL: { arity: -3, run: deleteFields },
  HGET: { arity: 3, run: (keys, [key, field]) => keys.read(key!, "hash")?.get(field!) ?? null },
  HMGET: { arity: -3, run: getFields },
  HGETALL: { arity: 2, run: (keys, [key]) => [...keys.read(key!, "hash") ?? []].flat() },
  HEXISTS: { arity: 3, run: (keys, [key, field]) => hasField(keys, key!, field!) },
  HLEN: { arity: 2, run: (keys, [key]) => keys.read(key!, "hash")?.size ?? 0 },
};

function setFields(keys: Keyspace, [key, ...pairs]: string[]): Reply {
  if (pairs.length % 2) {
    throw new CommandError("ERR wrong number of arguments for 'hset' command");
  }
  return keys.change(key!, "hash", (fields) => {
    const before = fields.size;
    for (let i = 0; i < pairs.length; i += 2) fields.set(pairs[i]!, pairs[i + 1]!);
    return fields.size - before;
  });
}

function deleteFields(keys: Keyspace, [key, ...names]: string[]): Reply {
  return keys.change(key!, "hash", (fields) => names.filter((name) => fields.delete(name)).length);
}

function getFields(keys: Keyspace, [key, ...names]: string[]): Reply {
  const fields = keys.read(key!, "hash");
  return names.map((name) => fields?.get(name) ?? null);
}

function hasField(keys: Keyspace, key: string, field: string): Reply {
  return keys.read(key, "hash")?.has(field) ? 1 : 0;
}
