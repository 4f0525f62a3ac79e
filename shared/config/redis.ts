/**
 * The settings of the store of presence, which both programs read alike.
 *
 * @module
 */

import type { SettingsReader } from "shared/config/read.ts";

export interface RedisConfig {
  url: string;
  token: string;
}

export function readRedisConfig(read: SettingsReader): RedisConfig {
  return {
    url: read.url("UPSTASH_REDIS_REST_URL", {
      about: "Upstash Redis, which holds presence",
      protocols: ["https:", "http:"],
    }),
    token: read.string("UPSTASH_REDIS_REST_TOKEN", {
      about: "The token of UPSTASH_REDIS_REST_URL; origins do with the read-only one",
    }),
  };
}
