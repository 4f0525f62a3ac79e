/**
 * The few Redis commands that a presence lease needs, and where they go.
 *
 * Guarantees: the commands of one pipeline run in their order, in one HTTP request that ends
 * within its timeout; it is never repeated by itself. A pipeline that failed may have run.
 *
 * @module
 */

import { Redis } from "@upstash/redis";

export type PresenceCommand =
  | ["HSET", key: string, fields: Record<string, string>]
  | ["HDEL", key: string, ...fields: string[]]
  | ["HEXISTS", key: string, field: string]
  | ["EXPIRE", key: string, seconds: number]
  | ["DEL", key: string]
  | ["ZADD", key: string, score: number, member: string]
  | ["ZREM", key: string, member: string]
  | ["ZREMRANGEBYSCORE", key: string, min: number, max: number];

export interface PresenceStore {
  /** Resolves with the reply to each command. */
  pipeline(commands: PresenceCommand[]): Promise<unknown[]>;
}

const REQUEST_TIMEOUT_MS = 3000;

/** A store behind the REST interface of Upstash Redis. */
export function upstashStore(options: { url: string; token: string }): PresenceStore {
  const redis = new Redis({
    ...options,
    automaticDeserialization: false,
    enableTelemetry: false,
    retry: false,
    // As a function: a signal that is no function makes an aborted request look answered.
    signal: () => AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  return {
    async pipeline(commands) {
      const pipeline = redis.pipeline();
      for (const command of commands) add(pipeline, command);
      try {
        return await pipeline.exec<unknown[]>();
      } catch (error) {
        throw new Error(`Cannot write presence: ${whatWentWrong(error)}`);
      }
    },
  };
}

/** The client's errors repeat the whole command, users and all: nothing for a log. */
function whatWentWrong(error: unknown): string {
  const { name, message } = error as Error;
  return `${name}: ${message.split(", command was:")[0]!.slice(0, 200)}`;
}

function add(pipeline: ReturnType<Redis["pipeline"]>, command: PresenceCommand): void {
  switch (command[0]) {
    case "HSET":
      return void pipeline.hset(command[1], command[2]);
    case "HDEL":
      return void pipeline.hdel(command[1], ...command.slice(2) as string[]);
    case "HEXISTS":
      return void pipeline.hexists(command[1], command[2]);
    case "EXPIRE":
      return void pipeline.expire(command[1], command[2]);
    case "DEL":
      return void pipeline.del(command[1]);
    case "ZADD":
      return void pipeline.zadd(command[1], { score: command[2], member: command[3] });
    case "ZREM":
      return void pipeline.zrem(command[1], command[2]);
    case "ZREMRANGEBYSCORE":
      return void pipeline.zremrangebyscore(command[1], command[2], command[3]);
  }
}
