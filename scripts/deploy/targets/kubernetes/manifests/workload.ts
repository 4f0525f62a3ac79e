/**
 * What keeps the pods of a program running: Deployment, disruption budget, autoscaler.
 *
 * Invariant: at no moment a roll or a drained node takes more than one pod that serves. Who scales
 * says how many there are: beside an autoscaler no number is written down. Pure.
 *
 * @module
 */

import type { Deployment } from "kubernetes-types/apps/v1.d.ts";
import type { HorizontalPodAutoscaler } from "kubernetes-types/autoscaling/v2.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import { KEPT } from "../../../record.ts";
import { type Deployed, metaOf, nameOf, OURS, RELEASE_LABEL, selectorOf } from "./deployed.ts";
import { podOf } from "./pod.ts";

/** What the autoscaler looks at; Prometheus' adapter has to serve it. */
export const CONNECTIONS_METRIC = "fanfare_edge_connections";
/** Each edge that goes sends its users elsewhere, so they go seldom. */
const CALM_S = 600;

export function deploymentOf(deployed: Deployed): Deployment {
  const { kind, release, replicas, scaling } = deployed;
  const labels = { ...selectorOf(kind), ...OURS, [RELEASE_LABEL]: release };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metaOf(deployed),
    spec: {
      ...(!scaling && { replicas }),
      revisionHistoryLimit: KEPT,
      selector: { matchLabels: selectorOf(kind) },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels }, spec: podOf(deployed) },
    },
  };
}

export function disruptionBudgetOf(deployed: Deployed): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metaOf(deployed),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(deployed.kind) } },
  };
}

export function autoscalerOf(deployed: Deployed): HorizontalPodAutoscaler[] {
  const { kind, replicas, scaling } = deployed;
  if (!scaling) return [];
  return [{
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: metaOf(deployed),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: nameOf(kind) },
      minReplicas: replicas,
      maxReplicas: scaling.most,
      metrics: [{
        type: "Pods",
        pods: {
          metric: { name: CONNECTIONS_METRIC },
          target: { type: "AverageValue", averageValue: `${scaling.connectionsEach}` },
        },
      }],
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: CALM_S,
          policies: [{ type: "Pods", value: 1, periodSeconds: CALM_S / 2 }],
        },
      },
    },
  }];
}
