/**
 * The pod of an edge or an origin.
 *
 * Invariant: it is nobody, may write nothing and holds no token of the cluster; it is asked to end
 * only once new clients go elsewhere, and given longer than it takes to drain. Pure.
 *
 * @module
 */

import type { Container, PodSpec, Probe, SecurityContext } from "kubernetes-types/core/v1.d.ts";
import { envOf, PORTS } from "../settings.ts";
import { type Deployed, nameOf, selectorOf } from "./deployed.ts";

/** Of the image: the user `deno`. */
const UID = 1993;
/** Until every node knows that the pod is going, clients still come to it. */
const PRE_STOP_S = 5;
/** Beyond the drain: that, last answers and the farewell. */
const STOP_MARGIN_S = 15;

export const CONFINED: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

export const NOBODY = {
  runAsNonRoot: true,
  runAsUser: UID,
  runAsGroup: UID,
  seccompProfile: { type: "RuntimeDefault" },
} as const satisfies PodSpec["securityContext"];

export function podOf(deployed: Deployed): PodSpec {
  const { kind, drainMs } = deployed;
  return {
    serviceAccountName: nameOf(kind),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: Math.ceil(drainMs / 1000) + STOP_MARGIN_S,
    securityContext: NOBODY,
    topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selectorOf(kind) },
      }),
    ),
    containers: [containerOf(deployed)],
  };
}

function containerOf({ kind, image, command, settings, memoryMiB }: Deployed): Container {
  return {
    name: kind,
    image,
    command: [...command],
    env: envOf(kind, settings),
    ports: [
      { name: kind === "edge" ? "websocket" : "api", containerPort: PORTS[kind].open },
      { name: "internal", containerPort: PORTS[kind].internal },
    ],
    // Started slowly, it is not yet ill.
    startupProbe: probe("/live", { periodSeconds: 2, failureThreshold: 30 }),
    livenessProbe: probe("/live", { periodSeconds: 10, failureThreshold: 3 }),
    readinessProbe: probe("/ready", { periodSeconds: 2, failureThreshold: 2 }),
    lifecycle: { preStop: { exec: { command: ["sleep", `${PRE_STOP_S}`] } } },
    resources: {
      requests: { cpu: "500m", memory: `${Math.ceil(memoryMiB / 2)}Mi` },
      // No bound on the processor: who is throttled is late, and lateness is what we sell.
      limits: { memory: `${memoryMiB}Mi` },
    },
    securityContext: CONFINED,
  };
}

/** `/ready` takes a second for a check that hangs. */
function probe(path: string, often: Pick<Probe, "periodSeconds" | "failureThreshold">): Probe {
  return { httpGet: { path, port: "internal" }, timeoutSeconds: 2, ...often };
}
