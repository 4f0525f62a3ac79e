/**
 * Reaching NATS with a program's own credentials, by the programs' own way of doing so.
 *
 * Invariant: the connection is closed when all is said. What it may do: `nats_permissions.ts`; what
 * it keeps: `nats_stream.ts`.
 *
 * @module
 */

import { errors, type NatsConnection } from "@nats-io/transport-node";
import type { OriginConfig } from "origin/config.ts";
import { reachNats } from "shared/bus/nats_connect.ts";
import { encodeMessage, REQUEST } from "shared/bus/requests.ts";
import type { NatsConfig } from "shared/config/nats.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { checkPermissions } from "./nats_permissions.ts";
import { checkStream } from "./nats_stream.ts";
import { isOnThisMachine, placeOf } from "./place.ts";
import { type CheckDeps, wordsOf } from "./probe.ts";

const SUBJECT = "nats";
const REACH_MS = 3_000;

export interface NatsRole {
  program: "edge" | "origin";
  /** Of an origin: it makes the stream. */
  stream?: OriginConfig["stream"];
}

export async function checkNats(
  nats: NatsConfig,
  role: NatsRole,
  deps: CheckDeps,
  signal: AbortSignal,
): Promise<Finding[]> {
  let trouble: unknown;
  const limit = AbortSignal.timeout(REACH_MS);
  const options = {
    ...nats,
    name: "fanfare check",
    signal: AbortSignal.any([signal, limit]),
    onError: (error: Error) => trouble ??= error.cause ?? error,
  };
  let connection: NatsConnection;
  try {
    connection = await reachNats(options);
  } catch (error) {
    return [judgeTrouble(limit.aborted ? trouble ?? error : error, nats)];
  }
  const close = () => void connection.close();
  signal.addEventListener("abort", close);
  try {
    return [
      judgeServer(connection, nats),
      ...await checkPermissions(connection, {
        program: role.program,
        inboxPrefix: nats.inboxPrefix,
      }),
      ...await checkStream(connection, role.stream, deps),
      ...(role.program === "edge" ? [await askOrigin(connection, deps)] : []),
    ];
  } finally {
    signal.removeEventListener("abort", close);
    await connection.close();
  }
}

const ANSWER_MS = 2_000;

/** The question that every edge begins with: where the log stands. */
async function askOrigin(
  connection: NatsConnection,
  { elapsedMs }: CheckDeps,
): Promise<Finding> {
  const subject = "nats answers";
  const startMs = elapsedMs();
  try {
    await connection.request(REQUEST.digest, encodeMessage({}), { timeout: ANSWER_MS });
    return ok(subject, `an origin answers, in ${Math.round(elapsedMs() - startMs)} ms`);
  } catch (error) {
    if (hasCause(error, errors.NoRespondersError)) return ok(subject, "no origin runs yet");
    if (hasCause(error, errors.PermissionViolationError)) {
      return failure(subject, "no origin can be asked", "Mend the permissions first");
    }
    const mend = "Let the origins' user publish to where answers arrive, _INBOX.>";
    return failure(subject, "an origin is asked, and no answer arrives", mend);
  }
}

function hasCause(error: unknown, kind: new (...args: never[]) => Error): boolean {
  if (error instanceof kind) return true;
  return error instanceof Error && error.cause !== undefined && hasCause(error.cause, kind);
}

function judgeServer({ info }: NatsConnection, { servers, tls }: NatsConfig): Finding {
  const says = `version ${info?.version}, ${servers.length === 1 ? "one server" : "a cluster"}`;
  if (servers.every(isOnThisMachine)) return ok(SUBJECT, says);
  if (!info?.auth_required) {
    const mend = "Give the servers users with permissions, and set NATS_USER, NKEY_SEED or CREDS";
    return warning(SUBJECT, `${says}; whoever reaches it may hear and say everything`, mend);
  }
  const isEncrypted = tls || info.tls_required || servers.every((one) => one.startsWith("tls:"));
  if (!isEncrypted) {
    const mend = "Give the servers certificates, and write tls:// in NATS_URL";
    return warning(SUBJECT, `${says}; messages cross the network in the clear`, mend);
  }
  return ok(SUBJECT, says);
}

const MEND_USER = "Correct NATS_USER and NATS_PASSWORD, NATS_NKEY_SEED or NATS_CREDS, or have " +
  "the servers read their users again";
const MEND_NOBODY = "Say who it is there, by NATS_NKEY_SEED for one: deno task init draws it, of " +
  "each edge into edge.d/edge-0.env and so on, beside edge.env";

function judgeTrouble(error: unknown, { servers, auth }: NatsConfig): Finding {
  const words = wordsOf(error);
  const where = servers.map(placeOf).join(", ");
  const says = words.startsWith("Cannot") ? words : `Cannot reach NATS at ${where}: ${words}`;
  if (words.includes("it is version")) {
    return failure(SUBJECT, says, "Upgrade nats-server to 2.10 or newer");
  }
  if (words.includes("max_payload")) {
    return failure(SUBJECT, says, "Set max_payload of the servers to 1MB, which is its default");
  }
  if (words.includes("refused the credentials")) {
    return failure(SUBJECT, says, auth ? MEND_USER : MEND_NOBODY);
  }
  if (/nkeys?:|credentials/i.test(words)) {
    const mend = "Correct NATS_NKEY_SEED or NATS_CREDS: what it holds is no key";
    return failure(SUBJECT, says, mend);
  }
  if (/certificate|self.signed|issuer/i.test(words)) {
    return failure(SUBJECT, says, "Set NATS_CA to the authority of the servers' certificates");
  }
  return failure(SUBJECT, says, "Start nats-server there, or correct NATS_URL");
}
