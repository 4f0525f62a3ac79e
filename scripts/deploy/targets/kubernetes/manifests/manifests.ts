/**
 * Everything of one program in a cluster, in the order in which it is applied, as YAML.
 *
 * Invariant: the types are Kubernetes' own, so that a field that it does not know is no program.
 * Pure.
 *
 * @module
 */

import { stringify } from "yaml";
import type { Deployed } from "./deployed.ts";
import {
  internalServiceOf,
  networkPolicyOf,
  serviceAccountOf,
  serviceMonitorOf,
  serviceOf,
} from "./network.ts";
import { autoscalerOf, deploymentOf, disruptionBudgetOf } from "./workload.ts";

export interface Manifest {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; namespace?: string };
}

export function manifestsOf(deployed: Deployed): Manifest[] {
  return [
    serviceAccountOf(deployed),
    networkPolicyOf(deployed),
    serviceOf(deployed),
    internalServiceOf(deployed),
    disruptionBudgetOf(deployed),
    deploymentOf(deployed),
    ...autoscalerOf(deployed),
    ...serviceMonitorOf(deployed),
  ];
}

export function yamlOf(manifests: readonly Manifest[]): string {
  // No line is folded, and nothing is said by reference: what is applied is what is read.
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  return manifests.map((manifest) => stringify(manifest, options)).join("---\n");
}
