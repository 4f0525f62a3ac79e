/**
 * Reading presence: the list of replicas and, for some of them, the fields of some users.
 *
 * Guarantees: one HTTP request, never repeated by itself, that ends within its timeout.
 *
 * @module
 */

import { Redis } from "@upstash/redis";
import { replicaKey, REPLICAS_KEY } from "shared/presence.ts";

export interface PresenceAnswers {
  /** Each listed replica, with the time (ms since 1970) at which its entries run out. */
  replicas: Map<string, number>;
  /** For each hash that was asked for: the values of the fields, as they came. */
  hashes: unknown[];
}

export interface PresenceReader {
  /** @throws {Error} When the request failed, was late or was answered with an error. */
  read(replicas: readonly string[], fields: readonly string[]): Promise<PresenceAnswers>;
}

export interface UpstashOptions {
  url: string;
  token: string;
  timeoutMs: number;
}

export function upstashReader({ url, token, timeoutMs }: UpstashOptions): PresenceReader {
  const redis = new Redis({
    url,
    token,
    automaticDeserialization: false,
    enableTelemetry: false,
    responseEncoding: false,
    retry: false,
    // As a function: with a signal that is no function an aborted request looks answered.
    signal: () => AbortSignal.timeout(timeoutMs),
  });
  return {
    async read(replicas, fields) {
      const pipeline = redis.pipeline();
      pipeline.zrange(REPLICAS_KEY, 0, -1, { withScores: true });
      for (const replica of replicas) pipeline.hmget(replicaKey(replica), ...fields);
      const [listed, ...hashes] = await pipeline.exec<unknown[]>();
      return { replicas: readReplicas(listed), hashes };
    },
  };
}

/** Members and scores take turns, as text. */
function readReplicas(listed: unknown): Map<string, number> {
  if (!Array.isArray(listed) || listed.length % 2 !== 0) {
    throw new TypeError("Cannot read the list of replicas: it is malformed");
  }
  const replicas = new Map<string, number>();
  for (let i = 0; i < listed.length; i += 2) replicas.set(String(listed[i]), Number(listed[i + 1]));
  return replicas;
}
