/**
 * The settings of an edge, from its environment.
 *
 * Invariant: what is read here is complete and within bounds, or every fault is told at once. No
 * other file of the edge knows the name of a variable; what both programs read alike is in
 * `shared/config/`.
 *
 * @module
 */

import { readArchiveAfterMs } from "shared/config/archive.ts";
import { readLogLevel } from "shared/config/log_level.ts";
import { type NatsConfig, readNatsConfig } from "shared/config/nats.ts";
import { type InternalConfig, readInternalConfig, readPort } from "shared/config/ports.ts";
import { type Environment, SettingsReader } from "shared/config/read.ts";
import { readRedisConfig, type RedisConfig } from "shared/config/redis.ts";
import { readTraceRatio } from "shared/config/trace_ratio.ts";
import type { LogLevel } from "shared/log.ts";
import type { Rate } from "./limits/rate.ts";
import type { AllowedOrigins } from "./socket/upgrade.ts";

export interface EdgeConfig {
  /** What operators call this edge; each start of it is a replica of its own. */
  name: string;
  listen: { hostname: string; port: number };
  internal: InternalConfig;
  nats: NatsConfig;
  redis: RedisConfig;
  tokens: TokenConfig;
  allowedOrigins: AllowedOrigins;
  presence: { ttlS: number; beatS: number };
  limits: LimitsConfig;
  sendBufferBytes: number;
  /** Of all clients together. */
  sendBuffersTotalBytes: number;
  archiveAfterMs: number;
  drainMs: number;
  /** The part of the messages that is traced. */
  traceRatio: number;
  logLevel: LogLevel;
}

export interface LimitsConfig {
  /** Of one user, over all connections to this edge. */
  sends: Rate;
  calls: Rate;
  maxUserConnections: number;
  /** Of one connection. */
  commands: Rate;
  /** Of the edge. */
  connects: Rate;
  maxConnections: number;
  catchUps: number;
}

export interface TokenConfig {
  keys: { secret: string } | { jwksUrl: string };
  issuer?: string;
  audience?: string;
}

const BURST_S = 4;
/**
 * A connect costs an edge 0.9 ms of its core, so that 500 a second leave half of it to those who are
 * connected. A burst is as much as may hold them up, for half a second.
 */
const CONNECT_BURST_S = 1;

/** @throws {ConfigError} */
export function readEdgeConfig(environment: Environment): EdgeConfig {
  const read = new SettingsReader(environment);
  const config = readEdge(read);
  read.done();
  return config;
}

export function readEdge(read: SettingsReader): EdgeConfig {
  return {
    name: read.string("EDGE_NAME", {
      about: "What logs and presence call this edge",
      fallback: "edge",
    }),
    listen: {
      hostname: read.string("HOST", {
        about: "The address that the public port binds to",
        fallback: "0.0.0.0",
      }),
      port: readPort(read, "PORT", { about: "The public port: WebSockets", fallback: 8000 }),
    },
    internal: readInternalConfig(read, { port: 9000 }),
    nats: readNatsConfig(read, "edge"),
    redis: readRedisConfig(read),
    tokens: readTokens(read),
    allowedOrigins: readOrigins(read),
    presence: readPresence(read),
    limits: readLimits(read),
    ...readSendBuffers(read),
    archiveAfterMs: readArchiveAfterMs(read),
    drainMs: read.integer("DRAIN_MS", {
      about: "How long an edge takes to send its clients elsewhere before it ends; " +
        "clients by seconds must stay below the CONNECT_RATE_PER_S of the other edges together",
      fallback: 5000,
      min: 0,
      max: 600_000,
    }),
    traceRatio: readTraceRatio(read),
    logLevel: readLogLevel(read),
  };
}

function readPresence(read: SettingsReader): EdgeConfig["presence"] {
  const ttlS = read.integer("PRESENCE_TTL_S", {
    about: "How long presence outlives an edge that died",
    fallback: 60,
    min: 2,
    max: 60,
  });
  const beatS = read.integer("PRESENCE_BEAT_S", {
    about: "How often presence is renewed, at least twice while it lives",
    fallback: 30,
    min: 1,
    max: 30,
  });
  if (2 * beatS > ttlS) read.fault("PRESENCE_BEAT_S must be at most half of PRESENCE_TTL_S");
  return { ttlS, beatS };
}

function readSendBuffers(
  read: SettingsReader,
): Pick<EdgeConfig, "sendBufferBytes" | "sendBuffersTotalBytes"> {
  const sendBufferBytes = read.integer("SEND_BUFFER_BYTES", {
    about: "What may wait for one client before it is closed as slow",
    fallback: 1024 * 1024,
    min: 64 * 1024,
    max: 64 * 1024 * 1024,
  });
  const sendBuffersTotalBytes = read.integer("SEND_BUFFERS_TOTAL_BYTES", {
    about: "What may wait for all clients together before whoever has 64 KiB waiting is slow",
    fallback: 1024 * 1024 * 1024,
    min: 1024 * 1024,
    max: 1024 * 1024 * 1024 * 1024,
  });
  if (sendBufferBytes > sendBuffersTotalBytes) {
    read.fault("SEND_BUFFER_BYTES must be at most SEND_BUFFERS_TOTAL_BYTES");
  }
  return { sendBufferBytes, sendBuffersTotalBytes };
}

function readLimits(read: SettingsReader): LimitsConfig {
  const count = (name: string, about: string, fallback: number) =>
    read.integer(name, { about, fallback, min: 1, max: 1_000_000 });
  return {
    sends: readRate(read, "SEND_RATE_PER_S", "Messages that one user may send on this edge", 50),
    calls: readRate(read, "CALL_RATE_PER_S", "Other calls of one user on this edge", 50),
    maxUserConnections: count("MAX_USER_CONNECTIONS", "Connections of one user to this edge", 100),
    commands: readRate(read, "COMMAND_RATE_PER_S", "Commands of one connection, of all kinds", 100),
    connects: readRate(
      read,
      "CONNECT_RATE_PER_S",
      "New connections of the edge",
      500,
      CONNECT_BURST_S,
    ),
    maxConnections: count("MAX_CONNECTIONS", "Connections of the edge; upgrades get 503", 50_000),
    catchUps: count("CATCH_UPS_AT_ONCE", "Connects and resumes that read at the same time", 32),
  };
}

/** Bursts are what a rate allows in so many seconds. */
function readRate(
  read: SettingsReader,
  name: string,
  what: string,
  fallback: number,
  burstS = BURST_S,
): Rate {
  const bursts = burstS === 1 ? "as many at once" : "four times as many at once";
  const about = `${what}, and ${bursts}; 0 is no limit`;
  const perS = read.integer(name, { about, fallback, min: 0, max: 1_000_000 });
  return { perS, burst: Math.max(1, perS * burstS) };
}

function readTokens(read: SettingsReader): TokenConfig {
  const secret = read.secret("TOKEN_SECRET", {
    about: "The secret that signs tokens with HS256; this or TOKEN_JWKS_URL",
    fallback: null,
  });
  const jwksUrl = read.url("TOKEN_JWKS_URL", {
    about: "Where the issuer publishes its keys, for RS256, ES256 and EdDSA",
    protocols: ["https:", "http:"],
    fallback: null,
  });
  const issuer = read.string("TOKEN_ISSUER", { about: "What iss must be", fallback: null });
  const audience = read.string("TOKEN_AUDIENCE", { about: "What aud must hold", fallback: null });
  if (secret === null && jwksUrl === null) {
    read.fault("One of TOKEN_SECRET and TOKEN_JWKS_URL must be set");
  }
  if (secret !== null && jwksUrl !== null) {
    read.fault("TOKEN_SECRET and TOKEN_JWKS_URL exclude each other");
  }
  if (jwksUrl && !isPrivateWay(jwksUrl)) {
    read.fault("TOKEN_JWKS_URL must be https, unless it is on this machine");
  }
  return {
    keys: jwksUrl !== null ? { jwksUrl } : { secret: secret ?? "" },
    ...(issuer !== null && { issuer }),
    ...(audience !== null && { audience }),
  };
}

function isPrivateWay(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}

function readOrigins(read: SettingsReader): AllowedOrigins {
  const origins = read.list("ALLOWED_ORIGINS", {
    about: "Origins whose pages may connect, such as https://app.example.com; * is any. " +
      "Native apps send none and may always",
    fallback: [] as readonly string[],
  });
  if (origins.includes("*")) return "any";
  for (const origin of origins) {
    if (URL.parse(origin)?.origin !== origin.toLowerCase()) {
      read.fault(`ALLOWED_ORIGINS holds ${JSON.stringify(origin)}, which is no origin`);
    }
  }
  return new Set(origins.map((origin) => origin.toLowerCase()));
}
