/**
 * What a test asks a cluster for.
 *
 * @module
 */

import denoJson from "../../../../../deno.json" with { type: "json" };
import type { Environments } from "../../../../check/settings.ts";
import type { ProgramKind } from "../../../../dev/start_command.ts";
import { tasksIn } from "../../words.ts";
import type { Asked } from "../deployed.ts";

const SECRET = "canary-0123456789-0123456789-0123456789";

const COMMON = {
  ADMIN_KEY: `${SECRET}-admin`,
  NATS_URL: "tls://nats.example.com:4222",
  NATS_USER: "fanfare",
  NATS_PASSWORD: `${SECRET}-nats`,
  UPSTASH_REDIS_REST_URL: "https://redis.example.com",
  UPSTASH_REDIS_REST_TOKEN: `${SECRET}-redis`,
};

export const ENVIRONMENTS: Environments = {
  edge: { ...COMMON, TOKEN_SECRET: `${SECRET}-token`, DRAIN_MS: "20000", PORT: "1234" },
  origin: {
    ...COMMON,
    API_KEY: `${SECRET}-api`,
    DATABASE_URL: "postgres://fanfare:canary@postgres.example.com:5432/fanfare",
  },
};

/** What is a value of a secret, and so in no manifest. */
export const CANARY = "canary";

export const TASKS = tasksIn(JSON.stringify(denoJson));

export function askedFor(kind: ProgramKind, change: Partial<Asked> = {}): Asked {
  return {
    image: "registry.example.com:5000/fanfare:0.1.0",
    namespace: "chat",
    replicas: { edge: 3, origin: 2 },
    mostEdges: 12,
    monitored: true,
    release: "0.1.0-20260101T000001Z-0123456",
    settings: ENVIRONMENTS[kind],
    tasks: TASKS,
    ...change,
  };
}
