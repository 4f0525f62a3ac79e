/**
 * The settings of an origin, from its environment.
 *
 * Invariant: what is read here is complete and within bounds, or every fault is told at once. No
 * other file of the origin knows the name of a variable; what both programs read alike is in
 * `shared/config/`.
 *
 * @module
 */

import { MOST_USER_GROUPS } from "shared/bus/requests.ts";
import { readArchiveAfterMs } from "shared/config/archive.ts";
import { readLogLevel } from "shared/config/log_level.ts";
import { type NatsConfig, readNatsConfig } from "shared/config/nats.ts";
import { type InternalConfig, readInternalConfig, readPort } from "shared/config/ports.ts";
import { type Environment, SettingsReader } from "shared/config/read.ts";
import { readRedisConfig, type RedisConfig } from "shared/config/redis.ts";
import { readTraceRatio } from "shared/config/trace_ratio.ts";
import type { LogLevel } from "shared/log.ts";
import { faultsInPushConfig, type PushConfig, type ReadText } from "./push/config.ts";

export interface OriginConfig {
  /** What operators call this origin. */
  name: string;
  api: { hostname: string; port: number; key: string };
  internal: InternalConfig;
  database: { url: string; maxConnections: number };
  nats: NatsConfig;
  stream: { replicas: number; maxBytes: number };
  redis: RedisConfig & { timeoutMs: number };
  /** A group with more members is published to without asking who is there. */
  largeGroup: number;
  maxUserGroups: number;
  archiveAfterMs: number;
  fastPaths: { live: boolean; push: boolean };
  push: PushConfig;
  /** The part of the messages that is traced. */
  traceRatio: number;
  logLevel: LogLevel;
}

const GIB = 1024 ** 3;

/** @throws {ConfigError} */
export function readOriginConfig(environment: Environment, readText: ReadText): OriginConfig {
  const read = new SettingsReader(environment);
  const config = readOrigin(read);
  const faults = faultsInPushConfig(config.push, { development: false, readText });
  for (const fault of faults) read.fault(fault);
  read.done();
  return config;
}

export function readOrigin(read: SettingsReader): OriginConfig {
  return {
    name: read.string("ORIGIN_NAME", { about: "What logs call this origin", fallback: "origin" }),
    api: {
      hostname: read.string("HOST", {
        about: "The address that the server API binds to",
        fallback: "127.0.0.1",
      }),
      port: readPort(read, "PORT", { about: "The port of the server API", fallback: 8100 }),
      key: read.secret("API_KEY", { about: "What the server API asks for in X-API-Key" }),
    },
    internal: readInternalConfig(read, { port: 9100 }),
    database: readDatabase(read),
    nats: readNatsConfig(read, "origin"),
    stream: {
      replicas: read.integer("STREAM_REPLICAS", {
        about: "Copies of the stream in a NATS cluster; 3 in production",
        fallback: 1,
        min: 1,
        max: 5,
      }),
      maxBytes: read.integer("STREAM_MAX_BYTES", {
        about: "What the stream may take of NATS' disk; it keeps five minutes at most",
        fallback: GIB,
        min: 1024 * 1024,
        max: 1024 * GIB,
      }),
    },
    redis: {
      ...readRedisConfig(read),
      timeoutMs: read.integer("PRESENCE_TIMEOUT_MS", {
        about: "A presence lookup that takes longer finds everybody unknown",
        fallback: 250,
        min: 10,
        max: 5_000,
      }),
    },
    largeGroup: read.integer("LARGE_GROUP", {
      about: "A group with more members is published to without asking who is online",
      fallback: 1_000,
      min: 1,
      max: 1_000_000,
    }),
    maxUserGroups: read.integer("MAX_USER_GROUPS", {
      about: "Groups that one user may be in: who is in as many is added to no other (4011)",
      fallback: 1_000,
      min: 1,
      max: MOST_USER_GROUPS,
    }),
    archiveAfterMs: readArchiveAfterMs(read),
    fastPaths: readFastPaths(read),
    push: readPush(read),
    traceRatio: readTraceRatio(read),
    logLevel: readLogLevel(read),
  };
}

function readDatabase(read: SettingsReader): OriginConfig["database"] {
  return {
    url: read.url("DATABASE_URL", {
      about: "Postgres, the primary",
      protocols: ["postgres:", "postgresql:"],
    }),
    maxConnections: read.integer("DATABASE_MAX_CONNECTIONS", {
      about: "Connections of this origin to Postgres, all told",
      fallback: 20,
      min: 6,
      max: 500,
    }),
  };
}

function readFastPaths(read: SettingsReader): OriginConfig["fastPaths"] {
  const names = read.list("FAST_PATHS", {
    about:
      "What is done right after a commit: live, push. What is left out, the auditors do, later",
    fallback: ["live", "push"] as readonly string[],
  });
  for (const name of names) {
    if (!["live", "push", "none"].includes(name)) {
      read.fault(`FAST_PATHS must hold live, push or none, not ${JSON.stringify(name)}`);
    }
  }
  return { live: names.includes("live"), push: names.includes("push") };
}

function readPush(read: SettingsReader): PushConfig {
  const optional = (name: string, about: string) => read.string(name, { about, fallback: null });
  const credential = optional("FCM_CREDENTIAL", "FCM's service account: JSON, or a file's path");
  const project = optional("FCM_PROJECT", "The Firebase project, if not the service account's");
  const fcmUrl = optional("FCM_URL", "Another address for FCM, with https");
  const key = optional("APNS_KEY", "APNs' .p8 key: PEM, or a file's path");
  const apns = {
    keyId: optional("APNS_KEY_ID", "The id of the key for APNs"),
    team: optional("APNS_TEAM", "The team at Apple that the key is of"),
    topic: optional("APNS_TOPIC", "The app's bundle id"),
  };
  const apnsUrl = optional("APNS_URL", "Another address for APNs, with https");
  const ca = optional("PUSH_CA", "A certificate authority to trust with push: PEM, or a path");
  const { keyId, team, topic } = apns;
  const isWhole = keyId !== null && team !== null && topic !== null;
  if (key !== null) {
    const beside = { APNS_KEY_ID: keyId, APNS_TEAM: team, APNS_TOPIC: topic };
    for (const [name, value] of Object.entries(beside)) {
      if (value === null) read.fault(`${name} must be set beside APNS_KEY`);
    }
  }
  return {
    ...(credential !== null && {
      fcm: {
        credential,
        ...(project !== null && { project }),
        ...(fcmUrl !== null && { url: fcmUrl }),
      },
    }),
    ...(key !== null && isWhole && {
      apns: { key, keyId, team, topic, ...(apnsUrl !== null && { url: apnsUrl }) },
    }),
    ...(ca !== null && { ca }),
  };
}
