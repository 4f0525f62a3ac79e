/**
 * What is asked of a cluster, in its own words, and what it answers, in ours.
 *
 * Invariant: the values of Secrets are never asked for. Whatever kubectl refuses is an error that says
 * what was wanted and what it said.
 *
 * @module
 */

import type { Deployment, ReplicaSet } from "kubernetes-types/apps/v1.d.ts";
import type { HorizontalPodAutoscaler } from "kubernetes-types/autoscaling/v2.d.ts";
import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { ConfigMap, Pod } from "kubernetes-types/core/v1.d.ts";
import type { ProgramKind } from "../../../dev/start_command.ts";
import { waitUntil } from "../../../services/wait_until.ts";
import type { ReleaseRecord } from "../../record.ts";
import type { ReleaseId } from "../../release.ts";
import type { Reached } from "../forward.ts";
import type { Kubectl } from "./kubectl.ts";
import { nameOf, RELEASE_LABEL, selectorOf } from "./manifests/deployed.ts";
import { type Manifest, yamlOf } from "./manifests/manifests.ts";

/** Where what became of each release is written down. */
const RECORDS = "fanfare-releases";
const REVISION = "deployment.kubernetes.io/revision";
const LAST_LINES = 8;
const LOOK_MS = 500;
const KEYS = "go-template={{range $name, $value := .data}}{{$name}}\n{{end}}";

export interface RunningPod {
  name: string;
  release: ReleaseId;
}

export class Cluster {
  readonly #kubectl: Kubectl;

  constructor(kubectl: Kubectl) {
    this.#kubectl = kubectl;
  }

  reach(pod: string, port: number): Promise<Reached> {
    return this.#kubectl.reach(pod, port);
  }

  /** `dryRun`: the server says whether it would take them, and changes nothing. */
  async apply(manifests: readonly Manifest[], { dryRun = false } = {}): Promise<void> {
    const how = dryRun ? ["--dry-run=server"] : [];
    const words = ["apply", ...how, "--filename", "-"];
    await this.#must("apply the manifests", words, yamlOf(manifests));
  }

  /** The release that the pods are made of; `undefined`: there is no such Deployment. */
  async releaseOf(kind: ProgramKind): Promise<ReleaseId | undefined> {
    const deployment = await this.#get<Deployment>("deployment", nameOf(kind));
    return deployment?.spec?.template.metadata?.labels?.[RELEASE_LABEL];
  }

  /** How many there are to be; beside an autoscaler, at least and at most. */
  async scaleOf(kind: ProgramKind): Promise<{ replicas?: number; most?: number }> {
    const scaler = await this.#get<HorizontalPodAutoscaler>(
      "horizontalpodautoscaler",
      nameOf(kind),
    );
    if (scaler) {
      const { minReplicas: replicas = 1, maxReplicas: most } = scaler.spec!;
      return { replicas, most };
    }
    const replicas = (await this.#get<Deployment>("deployment", nameOf(kind)))?.spec?.replicas;
    return replicas === undefined ? {} : { replicas };
  }

  /** The newest first; the numbers by which one goes back. */
  async revisionOf(kind: ProgramKind, release: ReleaseId): Promise<string | undefined> {
    const sets = await this.#list<ReplicaSet>("replicasets", kind);
    return sets
      .filter(({ spec }) => spec?.template?.metadata?.labels?.[RELEASE_LABEL] === release)
      .map(({ metadata }) => metadata?.annotations?.[REVISION] ?? "0")
      .toSorted((a, b) => Number(b) - Number(a))[0];
  }

  async undoTo(kind: ProgramKind, revision: string): Promise<void> {
    const words = ["rollout", "undo", `deployment/${nameOf(kind)}`, `--to-revision=${revision}`];
    await this.#must(`go back with the ${kind}s`, words);
  }

  /** Resolves when every pod is of the latest release and ready; else says why not. */
  async untilRolled(kind: ProgramKind, withinS: number): Promise<void> {
    const words = ["rollout", "status", `deployment/${nameOf(kind)}`, `--timeout=${withinS}s`];
    const { code, stdout, stderr } = await this.#kubectl.run(words);
    if (code === 0) return;
    const why = await this.#whyNotReady(kind);
    throw new Error(`Cannot roll the ${kind}s: ${why || stderr.trim() || stdout.trim()}`);
  }

  /** Those that are ready and are not to end. */
  async pods(kind: ProgramKind): Promise<RunningPod[]> {
    const pods = await this.#list<Pod>("pods", kind);
    return pods.filter(isReady).map(({ metadata }) => ({
      name: metadata!.name!,
      release: metadata!.labels![RELEASE_LABEL]!,
    }));
  }

  async stop(kind: ProgramKind): Promise<void> {
    const words = [
      "delete",
      "deployment,horizontalpodautoscaler",
      nameOf(kind),
      "--ignore-not-found",
      "--wait",
    ];
    await this.#must(`end the ${kind}s`, [...words, "--cascade=foreground"]);
  }

  /** The names of a Secret's entries; `undefined`: there is no such Secret. */
  async namesIn(secret: string): Promise<string[] | undefined> {
    const words = ["get", "secret", secret, "--ignore-not-found", "--output", KEYS];
    const stdout = await this.#must(`look for the Secret ${secret}`, words);
    return stdout === "" ? undefined : stdout.split("\n").filter((name) => name !== "");
  }

  async records(): Promise<ReleaseRecord[]> {
    const { data = {} } = await this.#get<ConfigMap>("configmap", RECORDS) ?? {};
    const records = Object.values(data).map((text) => JSON.parse(text) as ReleaseRecord);
    return records.toSorted((a, b) => a.at < b.at ? -1 : 1);
  }

  /** `undefined`: it is forgotten. */
  async record(id: ReleaseId, record: ReleaseRecord | undefined): Promise<void> {
    if (await this.#get("configmap", RECORDS) === undefined) {
      await this.#must("begin the records", ["create", "configmap", RECORDS]);
    }
    const patch = { data: { [id]: record === undefined ? null : JSON.stringify(record) } };
    const words = ["patch", "configmap", RECORDS, "--type", "merge", "--patch"];
    await this.#must(`write down ${id}`, [...words, JSON.stringify(patch)]);
  }

  /** Runs a Job to its end; resolves to what it printed, and whether that was a success. */
  async runJob(job: Manifest, withinMs: number): Promise<{ success: boolean; printed: string }> {
    const name = job.metadata!.name!;
    await this.apply([job]);
    const success = await waitUntil(async () => {
      const conditions = (await this.#get<Job>("job", name))?.status?.conditions ?? [];
      const isSo = (wanted: string) =>
        conditions.some(({ type, status }) => type === wanted && status === "True");
      if (isSo("Complete")) return true;
      if (isSo("Failed")) return false;
    }, { what: `job ${name} to end`, withinMs, everyMs: LOOK_MS });
    const printed = await this.#must(`read what job ${name} printed`, ["logs", `job/${name}`]);
    return { success, printed };
  }

  /** Of the first pod that is not ready: what keeps it, and its last words. */
  async #whyNotReady(kind: ProgramKind): Promise<string> {
    const ill = (await this.#list<Pod>("pods", kind)).find((pod) => !isReady(pod));
    if (!ill) return "";
    const name = ill.metadata!.name!;
    const [status] = ill.status?.containerStatuses ?? [];
    const { waiting, terminated } = status?.state ?? {};
    const last = terminated ?? status?.lastState?.terminated;
    const reason = waiting?.message ?? waiting?.reason ?? (last ? undefined : "it is not ready");
    const ended = last && `it ended with code ${last.exitCode} (${last.reason ?? "no reason"})`;
    const why = [reason, ended].filter((one) => one !== undefined).join(", ");
    const logs = ["logs", name, `--tail=${LAST_LINES}`, ...(waiting && last ? ["--previous"] : [])];
    const { stdout } = await this.#kubectl.run(logs);
    return `${name}: ${why}\n${stdout.trim()}`.trim();
  }

  async #list<One>(what: string, kind: ProgramKind): Promise<One[]> {
    const [label] = Object.entries(selectorOf(kind)).map(([name, value]) => `${name}=${value}`);
    const words = ["get", what, "--selector", label!, "--output", "json"];
    return (JSON.parse(await this.#must(`list ${what}`, words)) as { items: One[] }).items;
  }

  async #get<One>(what: string, name: string): Promise<One | undefined> {
    const words = ["get", what, name, "--ignore-not-found", "--output", "json"];
    const stdout = await this.#must(`look at ${what} ${name}`, words);
    return stdout.trim() === "" ? undefined : JSON.parse(stdout) as One;
  }

  async #must(what: string, words: readonly string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await this.#kubectl.run(words, stdin);
    if (code === 0) return stdout;
    throw new Error(`Cannot ${what}: ${stderr.trim() || stdout.trim()}`);
  }
}

function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status }) =>
    type === "Ready" && status === "True"
  );
  return metadata?.deletionTimestamp === undefined && ready === true;
}
