/**
 * What a cluster is asked for, from a release, its settings and the command line.
 *
 * Invariant: it follows from values alone; a number that belongs to another, such as the memory to the
 * buffers that it must hold, is reckoned here and nowhere else.
 *
 * @module
 */

import { readEdgeConfig } from "edge/config.ts";
import type { Environment } from "shared/config/read.ts";
import { networkOf, type ProgramKind, type Tasks } from "../../../dev/start_command.ts";
import type { ReleaseId } from "../../release.ts";
import { startWords } from "../words.ts";
import type { Deployed } from "./manifests/deployed.ts";
import { fixedSettings, SECRET_SETTINGS } from "./settings.ts";

export interface ClusterOptions {
  image: string;
  namespace: string;
  replicas: Readonly<Record<ProgramKind, number>>;
  /** What the autoscaler may go up to; left out: there is none. */
  mostEdges?: number;
  monitored: boolean;
}

export interface Asked extends ClusterOptions {
  release: ReleaseId;
  settings: Environment;
  tasks: Tasks;
}

/** What a program needs besides what waits for its clients. */
const OWN_MIB = 1024;
const MIB = 1024 * 1024;
/** An edge that is half full leaves room for the users of one that ends. */
const FULL = 0.5;
/** An origin ends as soon as what it has begun is answered. */
const ORIGIN_DRAIN_MS = 5_000;

export function deployedOf(kind: ProgramKind, asked: Asked): Deployed {
  const { image, namespace, release, replicas, mostEdges, monitored, tasks } = asked;
  const settings = { ...asked.settings, ...fixedSettings(kind) };
  const network = networkOf(kind, settings);
  return {
    ...{ kind, release, image, namespace, monitored, settings: asked.settings },
    command: startWords("deno", kind, tasks, network),
    replicas: replicas[kind],
    egressPorts: network.filter((one) => !isOwn(one, settings)).map(portOf),
    ...kind === "edge" ? edgeNumbers(settings, mostEdges) : originNumbers(),
  };
}

function edgeNumbers(settings: Environment, mostEdges: number | undefined) {
  const { drainMs, sendBuffersTotalBytes, limits } = readEdgeConfig(settings);
  const connectionsEach = Math.floor(limits.maxConnections * FULL);
  return {
    drainMs,
    memoryMiB: OWN_MIB + Math.ceil(sendBuffersTotalBytes / MIB),
    ...(mostEdges !== undefined && { scaling: { most: mostEdges, connectionsEach } }),
  };
}

function originNumbers() {
  return { drainMs: ORIGIN_DRAIN_MS, memoryMiB: OWN_MIB };
}

function isOwn(address: string, { HOST, PORT, INTERNAL_PORT }: Environment): boolean {
  return [PORT, INTERNAL_PORT].some((port) => address === `${HOST}:${port}`);
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** Why what was asked for must not be; all at once. */
export function faultsIn(
  kind: ProgramKind,
  { settings, image, mostEdges, replicas }: Asked,
): string[] {
  const isPinned = /@sha256:[0-9a-f]{64}$/.test(image) ||
    /:[^:/]+$/.test(image) && !image.endsWith(":latest");
  return [
    ...(isPinned ? [] : [`--image ${image} names no tag, or latest: nobody could go back to it`]),
    ...(settings.ADMIN_KEY ? [] : [
      `ADMIN_KEY must be set for the ${kind}: its internal port is open to the cluster, and ` +
      "without one whoever reaches it may drain",
    ]),
    ...(mostEdges !== undefined && mostEdges < replicas.edge
      ? [`--max-edges ${mostEdges} is less than the ${replicas.edge} edges asked for`]
      : []),
    ...lostNames(settings),
  ];
}

/** A Secret's key becomes a file's name in places, and a blank value no key at all. */
function lostNames(settings: Environment): string[] {
  return Object.entries(settings)
    .filter(([name, value]) => SECRET_SETTINGS.has(name) && value === "")
    .map(([name]) => `${name} is set to nothing: take it out`);
}
