/**
 * What manifests are made of: a release, where it runs, how much of it.
 *
 * Pure.
 *
 * @module
 */

import type { ObjectMeta } from "kubernetes-types/meta/v1.d.ts";
import type { Environment } from "shared/config/read.ts";
import type { ProgramKind } from "../../../../dev/start_command.ts";
import type { ReleaseId } from "../../../release.ts";

export interface Deployed {
  kind: ProgramKind;
  release: ReleaseId;
  /** With a tag or a digest. */
  image: string;
  namespace: string;
  /** The words that start the program, its permissions among them. */
  command: readonly string[];
  /** Those that are set; the values of secrets are not looked at. */
  settings: Environment;
  replicas: number;
  /** What the autoscaler may go up to, for edges; left out: there is none. */
  scaling?: { most: number; connectionsEach: number };
  /** How long the program takes to drain. */
  drainMs: number;
  /** What one may hold in memory. */
  memoryMiB: number;
  /** Ports of what it connects to, the only ones that it may. */
  egressPorts: readonly number[];
  /** Prometheus runs by its operator, and is told where to scrape. */
  monitored: boolean;
}

export const RELEASE_LABEL = "fanfare.dev/release";
const NAME = "app.kubernetes.io/name", PART_OF = "app.kubernetes.io/part-of";
export const OURS = { [PART_OF]: "fanfare" };

export function nameOf(kind: ProgramKind): string {
  return `fanfare-${kind}`;
}

/** By which a program's pods are found, of whatever release. */
export function selectorOf(kind: ProgramKind): Record<string, string> {
  return { [NAME]: nameOf(kind) };
}

export function metaOf(
  { kind, namespace }: Pick<Deployed, "kind" | "namespace">,
  name = nameOf(kind),
): ObjectMeta {
  return { name, namespace, labels: { ...selectorOf(kind), ...OURS } };
}
