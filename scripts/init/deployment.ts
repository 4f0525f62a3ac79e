/**
 * What a deployment of one's own begins with: secrets, keys, settings of each program, and the
 * configuration of its NATS servers. Who each edge is there: `edges.ts`.
 *
 * Invariant: every setting without a default is there, and no program is told a secret of another.
 * As they stand the files fit together and name this machine. Chance is handed in; nothing is
 * written.
 *
 * @module
 */

import { readEdge } from "edge/config.ts";
import { readOrigin } from "origin/config.ts";
import { settingsOf } from "shared/config/read.ts";
import { drawCredential, type NatsCredential, settingsOfUser } from "../services/nats_users.ts";
import {
  type DeploymentFile,
  EDGE_FILE,
  NATS_FILE,
  OPERATOR_FILE,
  ORIGIN_FILE,
  OWNER_FILE,
  USERS_FILE,
} from "./deployment_file.ts";
import { envFile, type Line } from "./env_file.ts";

export interface DeploymentOptions {
  /** The folder's own absolute path. */
  folder: string;
  /** What every NATS server is told, whatever its users. */
  natsBase: string;
  /** Draws a secret. */
  secret(): string;
}

const NATS_PORT = 4222;
const DATABASE = "127.0.0.1:5432/fanfare";
const REDIS_URL = "http://127.0.0.1:8079";
export const OWNER = "fanfare_owner";
export const ORIGIN = "fanfare_origin";

export function drawDeployment(options: DeploymentOptions): DeploymentFile[] {
  const { secret } = options;
  const adminKey = secret();
  return [
    { name: EDGE_FILE, text: edgeSettings({ adminKey, secret }), isSecret: true },
    { name: ORIGIN_FILE, text: originSettings({ adminKey, secret }), isSecret: true },
    { name: OWNER_FILE, text: ownerSettings(secret()), isSecret: true },
    { name: OPERATOR_FILE, text: `${drawCredential("operator").seed}\n`, isSecret: true },
    { name: NATS_FILE, text: natsConfig(options), isSecret: false },
  ];
}

interface Secrets {
  /** Of both programs. */
  adminKey: string;
  /** Draws one. */
  secret(): string;
}

function edgeSettings({ adminKey, secret }: Secrets): string {
  return envFile(
    [
      "The settings of every edge; who each of them is at NATS is in edge.d.",
      "It holds secrets. SETTINGS.md has all settings; these have no default, or ought to be set.",
    ],
    [
      ...sharedLines({ adminKey, redisToken: secret() }),
      {
        name: "TOKEN_SECRET",
        value: secret(),
        fillIn: "your application signs its users' tokens with it; or set TOKEN_JWKS_URL instead",
      },
      {
        name: "ALLOWED_ORIGINS",
        value: "https://app.example.com",
        fillIn: "where the pages of your web application are served from, if it has any",
        isOptional: true,
      },
    ],
    settingsOf(readEdge),
  );
}

function originSettings({ adminKey, secret }: Secrets): string {
  const user = drawCredential("origin");
  const optional = (name: string, value: string, fillIn: string): Line => ({
    ...{ name, value, fillIn },
    isOptional: true,
  });
  return envFile(
    [
      "The settings of every origin.",
      "It holds secrets. SETTINGS.md has all settings; these have no default, or ought to be set.",
    ],
    [
      {
        name: "DATABASE_URL",
        value: `postgres://${ORIGIN}:${secret()}@${DATABASE}`,
        fillIn: "your Postgres, with ?sslmode=verify-full when it is on another machine",
      },
      ...sharedLines({ adminKey, user, redisToken: secret(), itsToken: "its read-only token" }),
      { name: "API_KEY", value: secret() },
      optional("FCM_CREDENTIAL", "/etc/fanfare/fcm.json", "to push to Android"),
      optional("APNS_KEY", "/etc/fanfare/apns.p8", "to push to iOS, with the next three"),
      optional("APNS_KEY_ID", "ABC123DEFG", "Apple's name of that key"),
      optional("APNS_TEAM", "DEF123GHIJ", "your team at Apple"),
      optional("APNS_TOPIC", "com.example.app", "your app"),
    ],
    settingsOf(readOrigin),
  );
}

function sharedLines(
  { redisToken, adminKey, user, itsToken = "its token" }: {
    redisToken: string;
    adminKey: string;
    user?: NatsCredential;
    itsToken?: string;
  },
): Line[] {
  return [
    {
      name: "NATS_URL",
      value: `nats://127.0.0.1:${NATS_PORT}`,
      fillIn: "your servers, which nats.conf configures; tls:// when they are on other machines",
    },
    ...Object.entries(user ? settingsOfUser(user) : {}).map(([name, value]) => ({ name, value })),
    {
      name: "UPSTASH_REDIS_REST_URL",
      value: REDIS_URL,
      fillIn: `your database at Upstash, and ${itsToken}`,
    },
    { name: "UPSTASH_REDIS_REST_TOKEN", value: redisToken },
    { name: "ADMIN_KEY", value: adminKey },
  ];
}

function ownerSettings(password: string): string {
  return `# The settings of deno task migrate, and of no program that serves: who owns the database.
# It holds a secret.

# The same Postgres as in origin.env, as the role that owns the database.
# FILL IN: your Postgres, with ?sslmode=verify-full when it is on another machine
DATABASE_OWNER_URL=postgres://${OWNER}:${password}@${DATABASE}

# The role by which origins connect, which is granted what they need.
DATABASE_ORIGIN_ROLE=${ORIGIN}
`;
}

/** What it needs for the users to be those of this folder. */
export const INCLUDE_USERS = `include ./${USERS_FILE}`;

function natsConfig({ folder, natsBase }: DeploymentOptions): string {
  return `# The configuration of every NATS server of this deployment: nats-server -c nats.conf
# It holds no secret. In a cluster add server_name and a cluster block; see docs.nats.io.

# FILL IN: 0.0.0.0 when programs on other machines are to reach it, and then tls below.
host: 127.0.0.1
port: ${NATS_PORT}
# tls { cert_file: "/etc/nats/server.pem", key_file: "/etc/nats/server.key" }

# What a message may have: an answer of ours has at most half of it.
max_payload: 1MB

${natsBase.trim()}

jetstream {
  # FILL IN: where the server may write. Nothing there is precious.
  store_dir: ${JSON.stringify(`${folder}/data/nats`)}
  # STREAM_MAX_BYTES of origin.env, which is 1 GiB by default, and as much to spare.
  max_file_store: 2GB
  max_memory_store: 256MB
}

# Who may use it, and for what: a file that deno task init writes, beside this one.
${INCLUDE_USERS}
`;
}
