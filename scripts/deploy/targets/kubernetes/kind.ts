/**
 * What may be said to the target of a Kubernetes cluster.
 *
 * @module
 */

import { Option } from "commander";
import { integerFrom } from "../../../cli/arguments.ts";
import { UsedWrongly } from "../../../cli/run.ts";
import type { TargetKind } from "../../target_kind.ts";
import { EDGES, ORIGINS, type SharedOptions } from "../options.ts";
import { kubectlOf } from "./kubectl.ts";
import { KubernetesTarget } from "./target.ts";

interface KubernetesCommand extends SharedOptions {
  image?: string;
  namespace: string;
  context?: string;
  maxEdges?: number;
  serviceMonitor?: true;
}

const MOST_REPLICAS = 1000;

export const kubernetes: TargetKind = {
  name: "kubernetes",
  about: "Deployments in a cluster, by kubectl",
  options: [
    new Option("--image <image>", "kubernetes: the image of this commit, with its tag or digest"),
    new Option("--namespace <name>", "kubernetes: where in the cluster").default("fanfare"),
    new Option("--context <name>", "kubernetes: of kubectl's configuration; default: that in use"),
    new Option("--max-edges <n>", "kubernetes: what edges are scaled up to, by their connections")
      .argParser(integerFrom(1, MOST_REPLICAS)),
    new Option("--service-monitor", "kubernetes: tell Prometheus' operator where to scrape"),
    ...[EDGES, ORIGINS],
  ],
  open(options, { report }) {
    const { image, namespace, context, maxEdges, serviceMonitor, edges, origins, readyWithin } =
      options as typeof options & KubernetesCommand;
    if (image === undefined && !goesBack(options)) {
      throw new UsedWrongly(
        "kubernetes needs to be told which image: --image, with a tag or digest",
      );
    }
    return Promise.resolve(
      new KubernetesTarget({
        kubectl: kubectlOf({ namespace, ...(context !== undefined && { context }) }),
        image: image ?? "",
        namespace,
        replicas: {
          ...(edges !== undefined && { edge: edges }),
          ...(origins !== undefined && { origin: origins }),
        },
        ...(maxEdges !== undefined && { mostEdges: maxEdges }),
        monitored: serviceMonitor === true,
        readyMs: readyWithin * 1000,
        report,
      }),
    );
  },
};

/** The image is the cluster's to know. */
function goesBack({ rollback, stop }: Readonly<Record<string, unknown>>): boolean {
  return rollback !== undefined || stop === true;
}
