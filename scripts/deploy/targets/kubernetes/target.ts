/**
 * Releases in a Kubernetes cluster.
 *
 * Invariant: a roll is the cluster's own, and so is the way back: what a revision was made of comes
 * back, settings too. No value of a secret passes through here. An image is named, never made.
 *
 * @module
 */

import type { EnvVar } from "kubernetes-types/core/v1.d.ts";
import { join } from "node:path";
import type { Environment } from "shared/config/read.ts";
import { roleOf } from "../../../migrate/settings.ts";
import type { ProgramKind } from "../../../dev/start_command.ts";
import type { ReleaseRecord } from "../../record.ts";
import type { Release, ReleaseId, ReleaseSettings } from "../../release.ts";
import type { EdgeAddress, Installed, Judge, Target } from "../../target.ts";
import { socketAt } from "../socket.ts";
import { ONE_USER, tasksIn } from "../words.ts";
import { Cluster } from "./cluster.ts";
import { type Asked, type ClusterOptions, deployedOf, faultsIn } from "./deployed.ts";
import type { Kubectl } from "./kubectl.ts";
import type { Deployed } from "./manifests/deployed.ts";
import { jobOf } from "./manifests/job.ts";
import { manifestsOf } from "./manifests/manifests.ts";
import { PORTS, secretNames, secretOf } from "./settings.ts";

export interface KubernetesOptions extends Omit<ClusterOptions, "replicas"> {
  /** Left out: as many as there are, or two. */
  replicas: Readonly<Partial<Record<ProgramKind, number>>>;
  kubectl: Kubectl;
  /** How long a pod may take to be ready. */
  readyMs: number;
  report(line: string): void;
}

const KINDS = ["origin", "edge"] as const;
const FIRST = 2;
const JOB_MS = 300_000;
/** What only the owner of the database may know. */
const LEFT_OUT =
  "left out: no Secret fanfare-migrate has DATABASE_OWNER_URL, so whoever owns the " +
  "database has migrated it before";
const OWNER_SETTING = "DATABASE_OWNER_URL";

export class KubernetesTarget implements Target, AsyncDisposable {
  readonly name = "kubernetes";
  readonly where: string;
  readonly runs = KINDS;
  readonly #options: KubernetesOptions;
  readonly #cluster: Cluster;
  /** What the cluster is to have of each; known once it was looked at. */
  #scale: Record<ProgramKind, number> = { edge: FIRST, origin: FIRST };
  #mostEdges: number | undefined;
  /** What was staged by this command. */
  readonly #staged = new Map<ProgramKind, Deployed>();
  readonly #reached = new AsyncDisposableStack();

  constructor(options: KubernetesOptions) {
    this.#options = options;
    this.#cluster = new Cluster(options.kubectl);
    this.where = `namespace ${options.namespace}`;
  }

  async inspect(): Promise<Installed> {
    const records = await this.#cluster.records();
    const current: Installed["current"] = {};
    const replicas = [];
    for (const kind of KINDS) {
      await this.#readScale(kind);
      const release = await this.#cluster.releaseOf(kind);
      if (release !== undefined) current[kind] = release;
      const pods = await this.#cluster.pods(kind);
      replicas.push(...pods.map(({ name, release }) => ({ id: name, kind, release })));
    }
    return { current, records, replicas };
  }

  /** The cluster names its pods, and has as many as it sees fit. */
  replicas(): string[] {
    return [];
  }

  warnings(_: Installed, programs: readonly ProgramKind[]): string[] {
    return [
      ...programs.filter((kind) => this.#scale[kind] < 2).map((kind) =>
        `a single ${kind}: a node that fails takes it along; say --${kind}s 2`
      ),
      ...(programs.includes("edge") ? [ONE_USER] : []),
      ...(this.#mostEdges !== undefined
        ? [`edges are scaled by fanfare_edge_connections: the cluster has to serve that metric`]
        : []),
    ];
  }

  /** The server judges the manifests; Secrets must be there, with the names that are set. */
  async stage(release: Release, programs: readonly ProgramKind[]): Promise<void> {
    const tasks = await tasksOf(release);
    const faults: string[] = [];
    for (const kind of programs) {
      const asked: Asked = {
        ...this.#options,
        replicas: this.#scale,
        ...(this.#mostEdges !== undefined && { mostEdges: this.#mostEdges }),
        release: release.id,
        settings: release.environments[kind],
        tasks,
      };
      faults.push(...faultsIn(kind, asked), ...await this.#missingSecrets(kind, asked));
      this.#staged.set(kind, deployedOf(kind, asked));
    }
    if (faults.length > 0) {
      const lines = [...new Set(faults)].map((fault) => `  ${fault}`);
      throw new Error(`Cannot stage ${release.id}:\n${lines.join("\n")}`);
    }
    for (const kind of programs) {
      await this.#cluster.apply(manifestsOf(this.#staged.get(kind)!), { dryRun: true });
    }
  }

  /** `besides`: what of it is secret is the cluster's own to know. */
  async runTask(
    release: ReleaseId,
    task: string,
    args: readonly string[],
    { DATABASE_ORIGIN_ROLE }: Environment = {},
  ): Promise<string> {
    if (task === "migrate") {
      const names = await this.#cluster.namesIn(secretOf("migrate"));
      if (!names?.includes(OWNER_SETTING)) return LEFT_OUT;
      const { DATABASE_URL = "" } = this.#staged.get("origin")?.settings ?? {};
      const settings = migrationSettings(DATABASE_ORIGIN_ROLE ?? roleOf(DATABASE_URL));
      return await this.#runJob("origin", release, [task, ...args], settings);
    }
    const found = await Promise.all(
      [...this.#staged.keys()].map((kind) =>
        this.#runJob(kind, release, [task, kind, ...args], [])
      ),
    );
    return JSON.stringify(found.flatMap((printed) => JSON.parse(printed)));
  }

  async roll(kind: ProgramKind, release: ReleaseId, judge: Judge): Promise<void> {
    await this.#turnTo(kind, release);
    const { readyMs, report } = this.#options;
    const pods = Math.max(this.#scale[kind], (await this.#cluster.pods(kind)).length);
    // One after the other, each with its drain.
    const eachMs = readyMs + (this.#staged.get(kind)?.drainMs ?? 0);
    await this.#cluster.untilRolled(kind, Math.ceil(pods * eachMs / 1000));
    for (const pod of await this.#cluster.pods(kind)) {
      const replica = { id: pod.name, kind, release: pod.release };
      if (kind === "origin") await judge(replica);
      else {
        await using reached = await this.#cluster.reach(pod.name, PORTS.edge.open);
        await judge(replica, { id: pod.name, socket: socketAt(reached.port) });
      }
      report(`${pod.name} runs ${pod.release}`);
    }
  }

  async stop(kind: ProgramKind): Promise<void> {
    await this.#cluster.stop(kind);
  }

  async edges(): Promise<readonly EdgeAddress[]> {
    const pods = await this.#cluster.pods("edge");
    return await Promise.all(pods.map(async ({ name }) => ({
      id: name,
      socket: socketAt(await this.#keepReaching(name, PORTS.edge.open)),
    })));
  }

  async api(): Promise<string | undefined> {
    const [pod] = await this.#cluster.pods("origin");
    return pod && `http://127.0.0.1:${await this.#keepReaching(pod.name, PORTS.origin.open)}`;
  }

  /** They are the cluster's: it goes back with them by itself. */
  settingsOf(): Promise<ReleaseSettings | undefined> {
    return Promise.resolve(undefined);
  }

  /** What is stopped takes its revisions along, and of the others the last five stay. */
  async lost(kind: ProgramKind, release: ReleaseId): Promise<string | undefined> {
    if (await this.#cluster.releaseOf(kind) === release) return undefined;
    const revision = await this.#cluster.revisionOf(kind, release);
    return revision === undefined ? forgotten(kind, release) : undefined;
  }

  async record(record: ReleaseRecord): Promise<void> {
    await this.#cluster.record(record.id, record);
  }

  /** Its revision the cluster forgets by itself. */
  async remove(release: ReleaseId): Promise<void> {
    await this.#cluster.record(release, undefined);
  }

  /** Lets go of the ways that were kept open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reached.disposeAsync();
  }

  /** What is not said stays as it is. */
  async #readScale(kind: ProgramKind): Promise<void> {
    const { replicas, most } = await this.#cluster.scaleOf(kind);
    this.#scale[kind] = this.#options.replicas[kind] ?? replicas ?? FIRST;
    if (kind === "edge") this.#mostEdges = this.#options.mostEdges ?? most;
  }

  async #turnTo(kind: ProgramKind, release: ReleaseId): Promise<void> {
    const staged = this.#staged.get(kind);
    if (staged?.release === release) {
      return await this.#cluster.apply(manifestsOf(staged));
    }
    if (await this.#cluster.releaseOf(kind) === release) return;
    const revision = await this.#cluster.revisionOf(kind, release);
    if (revision === undefined) throw new Error(`Cannot go back: ${forgotten(kind, release)}`);
    await this.#cluster.undoTo(kind, revision);
  }

  async #missingSecrets(kind: ProgramKind, { settings }: Asked): Promise<string[]> {
    const wanted = secretNames(settings), secret = secretOf(kind);
    const names = await this.#cluster.namesIn(secret);
    const missing = wanted.filter((name) => !names?.includes(name));
    if (missing.length === 0) return [];
    return [
      `the Secret ${secret} ${names ? "lacks" : "is not there; it is to hold"} ${
        missing.join(", ")
      }`,
    ];
  }

  async #runJob(
    kind: ProgramKind,
    release: ReleaseId,
    words: readonly string[],
    settings: readonly EnvVar[],
  ): Promise<string> {
    const [task] = words as [string];
    const deployed = this.#staged.get(kind);
    if (!deployed) throw new Error(`Cannot run ${task}: no ${kind} of ${release} was staged`);
    const job = jobOf(deployed, {
      // Of one release it may be run again.
      name: `fanfare-${task}-${kind}-${crypto.randomUUID().slice(0, 8)}`,
      task,
      command: ["deno", "task", ...words],
      settings,
    });
    const { success, printed } = await this.#cluster.runJob(job, JOB_MS);
    // What was found is for whoever asked, and is no failure of asking.
    if (success || task === "check") return printed;
    throw new Error(`Cannot run task ${task}:\n${printed.trim()}`);
  }

  async #keepReaching(pod: string, port: number): Promise<number> {
    return this.#reached.use(await this.#cluster.reach(pod, port)).port;
  }
}

function forgotten(kind: ProgramKind, release: ReleaseId): string {
  return `the cluster has forgotten the ${kind}s of ${release}: check out its commit, and deploy ` +
    "that with its image";
}

function migrationSettings(originRole: string): EnvVar[] {
  const owner = { secretKeyRef: { name: secretOf("migrate"), key: OWNER_SETTING } };
  return [
    { name: OWNER_SETTING, valueFrom: owner },
    { name: "DATABASE_ORIGIN_ROLE", value: originRole },
  ];
}

async function tasksOf(release: Release) {
  const folder = await Deno.makeTempDir({ prefix: "fanfare-release-" });
  try {
    await release.unpack(folder);
    return tasksIn(await Deno.readTextFile(join(folder, "deno.json")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
