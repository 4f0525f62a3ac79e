/**
 * Everything that is looked at, and in which order it is told.
 *
 * Invariant: a probe is told to others by its findings alone; nothing waits for anything else.
 *
 * @module
 */

import type { EdgeConfig } from "edge/config.ts";
import type { OriginConfig } from "origin/config.ts";
import { judgeAgreement } from "./agreement.ts";
import { checkApns } from "./apns.ts";
import { checkFcm } from "./fcm.ts";
import { checkSecretFiles, secretFilesOf } from "./files.ts";
import { type Finding, of } from "./finding.ts";
import { checkNats } from "./nats.ts";
import { checkPorts } from "./ports.ts";
import { checkPostgres } from "./postgres.ts";
import { type CheckDeps, type Probe, runProbes } from "./probe.ts";
import { checkRedisClock, checkRedisOfEdge, checkRedisOfOrigin } from "./redis.ts";
import { checkToken, checkTokenKeys } from "./tokens.ts";

export interface Checked {
  edge?: EdgeConfig | undefined;
  origin?: OriginConfig | undefined;
  /** One token of a client, to be judged as an edge would. */
  token?: string | undefined;
  /** Where an origin that is started by its task may read. */
  readable?: readonly string[];
}

/** Looks at the world that the settings name. */
export async function check(checked: Checked, deps: CheckDeps): Promise<Finding[]> {
  const { edge, origin } = checked;
  const redis = origin?.redis ?? edge?.redis;
  return await runProbes([
    ...(edge ? probesOfEdge(edge, checked.token, deps) : []),
    ...(origin ? probesOfOrigin(origin, checked.readable, deps) : []),
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

function probesOfEdge(edge: EdgeConfig, token: string | undefined, deps: CheckDeps): Probe[] {
  return probesOf("edge", {
    ports: (signal) => checkPorts("edge", edge.listen, edge.internal, signal),
    nats: (signal) => checkNats(edge.nats, { program: "edge" }, deps, signal),
    redis: () => checkRedisOfEdge(edge.redis, deps),
    "token keys": () => checkTokenKeys(edge.tokens, deps),
    ...(token !== undefined && { "the token given": () => checkToken(token, edge.tokens, deps) }),
  });
}

function probesOfOrigin(
  origin: OriginConfig,
  readable: readonly string[] | undefined,
  deps: CheckDeps,
): Probe[] {
  const { push, nats, stream, api, internal } = origin;
  const { fcm, apns } = push;
  return probesOf("origin", {
    ports: (signal) => checkPorts("origin", api, internal, signal),
    postgres: (signal) => checkPostgres(origin, deps, signal),
    nats: (signal) => checkNats(nats, { program: "origin", stream }, deps, signal),
    redis: () => checkRedisOfOrigin(origin.redis, deps),
    ...(fcm && { fcm: (signal: AbortSignal) => checkFcm(fcm, push, deps, signal) }),
    ...(apns && { apns: (signal: AbortSignal) => checkApns(apns, push, deps, signal) }),
    "secret files": () => Promise.resolve(checkSecretFiles(secretFilesOf(push), readable)),
  });
}

function probesOf(program: "edge" | "origin", probes: Record<string, Probe["run"]>): Probe[] {
  return Object.entries(probes).map(([subject, run]) => ({
    subject: `${program} ${subject}`,
    run: async (signal) => of(program, await run(signal)),
  }));
}
