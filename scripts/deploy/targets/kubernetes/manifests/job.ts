/**
 * A task of a release, run once within the cluster: trying the settings, migrating the database.
 *
 * Invariant: it has the settings of one program, and for a migration the owner's way to the database
 * besides, from a Secret that no program reads. It is tried once: what fails is told, not repeated.
 * Pure.
 *
 * @module
 */

import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { EnvVar } from "kubernetes-types/core/v1.d.ts";
import { envOf } from "../settings.ts";
import { type Deployed, metaOf, OURS } from "./deployed.ts";
import { CONFINED, NOBODY } from "./pod.ts";

export interface TaskJob {
  /** Its own name in the cluster. */
  name: string;
  task: string;
  /** The words that run it. */
  command: readonly string[];
  /** Besides the program's. */
  settings: readonly EnvVar[];
}

/** What ended an hour ago nobody asks for. */
const KEPT_S = 3600;
const LIMIT_S = 600;

export function jobOf(deployed: Deployed, { name, task, command, settings }: TaskJob): Job {
  const labels = { ...OURS, "fanfare.dev/task": task };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...metaOf(deployed, name), labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: LIMIT_S,
      ttlSecondsAfterFinished: KEPT_S,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: NOBODY,
          containers: [{
            name: "task",
            image: deployed.image,
            command: [...command],
            env: [...envOf(deployed.kind, deployed.settings), ...settings],
            resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } },
            securityContext: CONFINED,
          }],
        },
      },
    },
  };
}
