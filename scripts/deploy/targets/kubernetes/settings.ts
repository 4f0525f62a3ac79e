/**
 * Settings as a container gets them: what may be read by whoever may read manifests, and what may not.
 *
 * Invariant: the value of a secret is in no manifest; its name is, with the Secret that holds it. What
 * the manifests themselves decide (addresses and ports within a pod) no setting changes. Pure.
 *
 * @module
 */

import type { EnvVar } from "kubernetes-types/core/v1.d.ts";
import type { Environment } from "shared/config/read.ts";
import type { ProgramKind } from "../../../dev/start_command.ts";

/** Whoever knows one of them can do what only we should; addresses may hold a password. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set([
  "ADMIN_KEY",
  "API_KEY",
  "APNS_KEY",
  "DATABASE_OWNER_URL",
  "DATABASE_URL",
  "FCM_CREDENTIAL",
  "NATS_CREDS",
  "NATS_NKEY_SEED",
  "NATS_PASSWORD",
  "NATS_URL",
  "TOKEN_SECRET",
  "UPSTASH_REDIS_REST_TOKEN",
]);

/** Of the runtime: what it tells a collector to be let in. */
const SECRET_HEADERS = /^OTEL_.*_HEADERS$/;

/** Within a pod. */
export const PORTS = {
  edge: { open: 8000, internal: 9000 },
  origin: { open: 8100, internal: 9100 },
} as const satisfies Record<ProgramKind, { open: number; internal: number }>;

const ANYWHERE = "0.0.0.0";

/** Probes and scrapes come from outside of the pod, so the internal port is open as well. */
export function fixedSettings(kind: ProgramKind): Record<string, string> {
  return {
    HOST: ANYWHERE,
    PORT: `${PORTS[kind].open}`,
    INTERNAL_HOST: ANYWHERE,
    INTERNAL_PORT: `${PORTS[kind].internal}`,
  };
}

/** The Secret that holds a program's. */
export function secretOf(program: ProgramKind | "migrate"): string {
  return `fanfare-${program}`;
}

/** The names that a program's Secret must have. */
export function secretNames(settings: Environment): string[] {
  return Object.keys(settings).filter(isSecret).toSorted();
}

export function envOf(kind: ProgramKind, settings: Environment): EnvVar[] {
  const name = kind === "edge" ? "EDGE_NAME" : "ORIGIN_NAME";
  const fixed = fixedSettings(kind);
  const own = Object.entries(settings).filter(([one]) => one !== name && !(one in fixed));
  return [
    { name, valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    ...Object.entries(fixed).map(([name, value]) => ({ name, value })),
    ...own.toSorted(([one], [other]) => one < other ? -1 : 1).flatMap(([name, value]) =>
      value === undefined ? [] : [envVar(kind, name, value)]
    ),
  ];
}

function envVar(program: ProgramKind, name: string, value: string): EnvVar {
  if (!isSecret(name)) return { name, value };
  return { name, valueFrom: { secretKeyRef: { name: secretOf(program), key: name } } };
}

function isSecret(name: string): boolean {
  return SECRET_SETTINGS.has(name) || SECRET_HEADERS.test(name);
}
