/**
 * Who reaches the pods of a program, and whom they reach.
 *
 * Invariant: the internal port is on no Service that a load balancer may stand for. A program reaches
 * the ports that its settings name and the names' servers, so an edge never gets to Postgres, as long
 * as that listens on a port of its own. Pure.
 *
 * @module
 */

import type { Service, ServiceAccount } from "kubernetes-types/core/v1.d.ts";
import type { NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import { PORTS } from "../settings.ts";
import { type Deployed, metaOf, nameOf, selectorOf } from "./deployed.ts";

/** Of Prometheus' operator, which has no types of its own. */
interface ServiceMonitor {
  apiVersion: "monitoring.coreos.com/v1";
  kind: "ServiceMonitor";
  metadata: ReturnType<typeof metaOf>;
  spec: {
    selector: { matchLabels: Record<string, string> };
    endpoints: { port: string; interval: string }[];
  };
}

const DNS_PORT = 53;
const INTERNAL = "app.kubernetes.io/component";

export function serviceAccountOf(deployed: Deployed): ServiceAccount {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metaOf(deployed),
    automountServiceAccountToken: false,
  };
}

/** What an Ingress or a load balancer is pointed at. */
export function serviceOf(deployed: Deployed): Service {
  const { kind } = deployed;
  const name = kind === "edge" ? "websocket" : "api";
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metaOf(deployed),
    spec: {
      selector: selectorOf(kind),
      ports: [{ name, port: PORTS[kind].open, targetPort: name }],
    },
  };
}

/** For scrapes: each pod by itself. */
export function internalServiceOf(deployed: Deployed): Service {
  const { kind } = deployed;
  const meta = metaOf(deployed, `${nameOf(kind)}-internal`);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...meta, labels: { ...meta.labels, [INTERNAL]: "internal" } },
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: selectorOf(kind),
      ports: [{ name: "internal", port: PORTS[kind].internal, targetPort: "internal" }],
    },
  };
}

export function serviceMonitorOf(deployed: Deployed): ServiceMonitor[] {
  if (!deployed.monitored) return [];
  return [{
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: metaOf(deployed),
    spec: {
      selector: { matchLabels: { ...selectorOf(deployed.kind), [INTERNAL]: "internal" } },
      endpoints: [{ port: "internal", interval: "15s" }],
    },
  }];
}

/** Probes of the node's own are let through by every network. */
export function networkPolicyOf(deployed: Deployed): NetworkPolicy {
  const { kind, egressPorts } = deployed;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metaOf(deployed),
    spec: {
      podSelector: { matchLabels: selectorOf(kind) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { ports: [{ port: PORTS[kind].open, protocol: "TCP" }] },
        // From within the cluster: a namespace's pods, whichever has Prometheus.
        {
          from: [{ namespaceSelector: {} }],
          ports: [{ port: PORTS[kind].internal, protocol: "TCP" }],
        },
      ],
      egress: [
        {
          ports: (["UDP", "TCP"] as const).map((protocol) => ({ port: DNS_PORT, protocol })),
        },
        {
          ports: [...new Set(egressPorts)].toSorted((a, b) => a - b)
            .map((port) => ({ port, protocol: "TCP" as const })),
        },
      ],
    },
  };
}
