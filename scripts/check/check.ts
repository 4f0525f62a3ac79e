/**
 * Everything that is looked at, and in which order it is told.
 *
 * Invariant: a probe is told to others by its findings alone; nothing waits for anything else.
 *
 * @module
 */

import type { EdgeConfig } from "edge/config.ts";
import type { OriginConfig } from "origin/config.ts";
import type { InternalConfig } from "shared/config/ports.ts";
import { judgeAgreement } from "./agreement.ts";
import { checkApns } from "./apns.ts";
import { checkFcm } from "./fcm.ts";
import { checkSecretFiles, secretFilesOf } from "./files.ts";
import { type Finding, of, ok } from "./finding.ts";
import { checkNats, type NatsRole } from "./nats.ts";
import { checkInternal, checkPorts, type Place } from "./ports.ts";
import { checkPostgres } from "./postgres.ts";
import { type CheckDeps, type Probe, runProbes } from "./probe.ts";
import { checkRedisClock, checkRedisOfEdge, checkRedisOfOrigin } from "./redis.ts";
import type { ProgramName } from "./settings.ts";
import { checkToken, checkTokenKeys } from "./tokens.ts";
import type { ReplicaUser } from "./users.ts";

export interface Checked {
  edge?: EdgeConfig | undefined;
  origin?: OriginConfig | undefined;
  /** One token of a client, to be judged as an edge would. */
  token?: string | undefined;
  /** `deno task migrate` follows: what it brings is not missed yet. */
  beforeMigrate?: boolean;
  /** Where an origin that is started by its task may read. */
  readable?: readonly string[];
  /** Replicas that have settings of their own: each is tried at NATS. */
  users?: readonly ReplicaUser[];
  /** Whether the programs will listen on the ports of their settings. Default true. */
  ports?: boolean;
}

/** Looks at the world that the settings name. */
export async function check(checked: Checked, deps: CheckDeps): Promise<Finding[]> {
  const { edge, origin, ports = true } = checked;
  const redis = origin?.redis ?? edge?.redis;
  return await runProbes([
    ...(ports && edge ? probesOfPorts("edge", edge.listen, edge.internal) : []),
    ...(edge ? probesOfEdge(edge, checked, deps) : []),
    ...(ports && origin ? probesOfPorts("origin", origin.api, origin.internal) : []),
    ...(origin ? probesOfOrigin(origin, checked, deps) : []),
    ...(redis
      ? [{
        subject: "clock of redis",
        run: (signal: AbortSignal) => checkRedisClock(redis, deps, signal),
      }]
      : []),
    ...(edge && origin
      ? [{
        subject: "edge and origin",
        run: () => Promise.resolve(judgeAgreement(edge, origin)),
      }]
      : []),
  ]);
}

function probesOfEdge(edge: EdgeConfig, { token, users }: Checked, deps: CheckDeps): Probe[] {
  return [
    ...probesOfNats({ id: "edge", program: "edge", nats: edge.nats }, {}, users, deps),
    ...probesOf("edge", {
      internal: () => Promise.resolve(checkInternal("edge", edge.internal)),
      redis: () => checkRedisOfEdge(edge.redis, deps),
      "token keys": () => checkTokenKeys(edge.tokens, deps),
      ...(token !== undefined && { "the token given": () => checkToken(token, edge.tokens, deps) }),
    }),
  ];
}

function probesOfOrigin(
  origin: OriginConfig,
  { readable, users, beforeMigrate = false }: Checked,
  deps: CheckDeps,
): Probe[] {
  const { push, nats, stream } = origin;
  const { fcm, apns } = push;
  return [
    ...probesOf("origin", {
      postgres: (signal) => checkPostgres({ ...origin, beforeMigrate }, deps, signal),
    }),
    ...probesOfNats({ id: "origin", program: "origin", nats }, { stream }, users, deps),
    ...probesOf("origin", {
      internal: () => Promise.resolve(checkInternal("origin", origin.internal)),
      redis: () => checkRedisOfOrigin(origin.redis, deps),
      ...(fcm && { fcm: (signal: AbortSignal) => checkFcm(fcm, push, deps, signal) }),
      ...(apns && { apns: (signal: AbortSignal) => checkApns(apns, push, deps, signal) }),
      "secret files": () => Promise.resolve(checkSecretFiles(secretFilesOf(push), readable)),
    }),
  ];
}

/** Each who is a user of its own is tried; what is well of the first is well of the others. */
function probesOfNats(
  all: ReplicaUser,
  role: Pick<NatsRole, "stream">,
  users: readonly ReplicaUser[] = [],
  deps: CheckDeps,
): Probe[] {
  const { program } = all;
  const own = users.filter((one) => one.program === program);
  const [first = all, ...others] = own;
  const tried = ({ nats }: ReplicaUser) => (signal: AbortSignal) =>
    checkNats(nats, { program, ...role }, deps, signal);
  return [
    ...probesOf(first.id, { nats: tried(first) }),
    ...others.flatMap((user) =>
      probesOf(user.id, { nats: async (signal) => inShort(await tried(user)(signal)) })
    ),
  ];
}

function inShort(findings: readonly Finding[]): Finding[] {
  const amiss = findings.filter(({ level }) => level !== "ok");
  return amiss.length > 0 ? amiss : [ok("nats", "it is let in, and may do what it must")];
}

function probesOfPorts(program: ProgramName, open: Place, internal: InternalConfig): Probe[] {
  return probesOf(program, { ports: (signal) => checkPorts(program, open, internal, signal) });
}

/** `whose`: a program's, or a replica's. */
function probesOf(whose: string, probes: Record<string, Probe["run"]>): Probe[] {
  return Object.entries(probes).map(([subject, run]) => ({
    subject: `${whose} ${subject}`,
    run: async (signal) => of(whose, await run(signal)),
  }));
}
