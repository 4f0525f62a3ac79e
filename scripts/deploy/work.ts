/**
 * What each step of a plan does.
 *
 * Invariant: a step does what the plan says of it, and notes what must be undone before it begins to do
 * it. Knows nothing of what comes after a failure.
 *
 * @module
 */

import type { EdgeConfig } from "edge/config.ts";
import type { OriginConfig } from "origin/config.ts";
import type { Environment } from "shared/config/read.ts";
import type { CheckDeps } from "../check/probe.ts";
import type { ReplicaUser } from "../check/users.ts";
import type { ProgramKind } from "../dev/start_command.ts";
import type { Target as Owner } from "../migrate/migration.ts";
import { wordsOf, type Work } from "./perform.ts";
import type { Intent, Step, StepName } from "./plan.ts";
import { type ReleaseRecord, releasesToRemove, UNFINISHED } from "./record.ts";
import type { Release } from "./release.ts";
import type { Reporter } from "./report.ts";
import { platformsOf } from "./smoke/push.ts";
import { smokeAll, smokeEdge } from "./smoke/smoke.ts";
import type { SmokeUsers } from "./smoke/users.ts";
import { judgePrinted, preflight } from "./steps/preflight.ts";
import { alignStream } from "./steps/streams.ts";
import type { Judge, Target } from "./target.ts";

export interface DeploymentOptions {
  intent: Intent;
  steps: readonly Step[];
  targets: Readonly<Record<ProgramKind, Target>>;
  /** Of a release that was made now. */
  release?: Release;
  /** As it is to be written down; its outcome is not known yet. */
  record: ReleaseRecord;
  /** Who does it. */
  by: string;
  settings: { edge?: EdgeConfig; origin?: OriginConfig };
  /** Replicas that have settings of their own. */
  users: readonly ReplicaUser[];
  /** Whom the database is migrated as, from here. */
  owner?: Owner;
  smoke?: SmokeUsers;
  /** Runs what is pending, and resolves to its names. */
  migrate(): Promise<string[]>;
  deps: CheckDeps;
  readable: readonly string[];
  reporter: Reporter;
  signal: AbortSignal;
}

/** What has been done so far. */
export class Progress {
  /** As it is written down in the end. */
  readonly record: ReleaseRecord;
  /** Programs of which some replicas may run the release. */
  readonly rolled = new Set<ProgramKind>();
  /** Something of the release is at a target. */
  staged = false;

  constructor(record: ReleaseRecord) {
    this.record = { ...record };
  }
}

export class StepWork {
  readonly #options: DeploymentOptions;
  readonly #progress: Progress;

  constructor(options: DeploymentOptions, progress: Progress) {
    this.#options = options;
    this.#progress = progress;
  }

  /** `record`: what is written down when all is done. */
  byStep(record: Work): Record<StepName, Work> {
    return {
      preflight: () => this.#preflight(),
      stage: () => this.#stage(),
      migrate: () => this.#migrate(),
      streams: () => this.#streams(),
      origins: () => this.#roll("origin"),
      edges: () => this.#roll("edge"),
      smoke: () => this.#smoke(),
      record,
      clean: () => this.#clean(),
    };
  }

  async #preflight(): Promise<string> {
    const { settings, users, readable, deps, intent, owner, reporter } = this.#options;
    const report = (line: string) => reporter.line(line);
    const target = this.#taskRunner();
    if (!target) {
      const beforeMigrate = owner !== undefined;
      const checked = { ...settings, users, readable, ports: false, beforeMigrate };
      return await preflight(checked, deps, report);
    }
    const args = ["--json", ...intent.back ? [] : ["--before-migrate"]];
    return judgePrinted(await this.#task(target, "check", args), report);
  }

  async #stage(): Promise<string> {
    const { intent: { programs }, release, targets } = this.#options;
    for (const target of distinctTargets(this.#options)) {
      await target.stage(release!, programs.filter((kind) => targets[kind] === target));
      this.#progress.staged = true;
    }
    return release!.id;
  }

  async #migrate(): Promise<string> {
    const target = this.#taskRunner();
    if (target) return (await this.#task(target, "migrate", [], this.#ownerSettings())).trim();
    const { record } = this.#progress;
    record.migrations = await this.#options.migrate();
    return record.migrations.join(", ") || "nothing was pending";
  }

  async #streams(): Promise<string> {
    if (this.#taskRunner()) return "left to the origins, which see to it as they start";
    return await alignStream(this.#options.settings.origin!);
  }

  async #roll(kind: ProgramKind): Promise<string> {
    const { intent: { releases, back }, targets, smoke } = this.#options;
    const release = releases[kind]!;
    if (!back && this.#progress.rolled.size === 0) await this.#noteBegun();
    this.#progress.rolled.add(kind);
    const judge: Judge = async (_replica, edge) => {
      if (edge && smoke && !back) await smokeEdge(edge, smoke);
    };
    await targets[kind].roll(kind, release, judge);
    if (kind === "origin" && !back) await this.#tryOrigins();
    return `${kind}s run ${release}`;
  }

  /** Whoever kills this command leaves word of what it had begun, and of what ran before. */
  async #noteBegun(): Promise<void> {
    const record = { ...this.#progress.record, outcome: "failed" as const, why: UNFINISHED };
    for (const target of distinctTargets(this.#options)) await target.record(record);
  }

  /** New origins, by the edges that run: before there are new ones. */
  async #tryOrigins(): Promise<void> {
    const { intent: { targets }, smoke } = this.#options;
    const isUp = targets.edge.installed.current.edge !== undefined;
    if (!smoke || !isUp) return;
    const [edge] = await this.#options.targets.edge.edges();
    if (edge) await smokeEdge(edge, smoke);
  }

  async #smoke(): Promise<string> {
    const { intent, targets, smoke, settings: { origin } } = this.#options;
    if (!smoke) return `left out: ${intent.smokeLeftOut}`;
    const edges = await targets.edge.edges();
    const api = origin && await targets.origin.api();
    const pushes = origin && api !== undefined
      ? { platforms: platformsOf(origin.push), api, apiKey: origin.api.key }
      : undefined;
    return await smokeAll(edges, smoke, pushes);
  }

  /** The release is in service: what cannot be removed is told, and fails nothing. */
  async #clean(): Promise<string> {
    const outcomes: string[] = [];
    for (const target of distinctTargets(this.#options)) {
      const { records, current } = await target.inspect();
      for (const id of releasesToRemove(records, Object.values(current))) {
        const left = (error: unknown) => `could not remove ${id}: ${wordsOf(error)}`;
        outcomes.push(await target.remove(id).then(() => `removed ${id}`, left));
      }
    }
    return outcomes.join(", ") || "nothing was left to remove";
  }

  #task(
    target: Target,
    task: string,
    args: readonly string[],
    besides: Environment = {},
  ): Promise<string> {
    return target.runTask!(this.#options.intent.release, task, args, besides);
  }

  #ownerSettings(): Environment {
    const { owner } = this.#options;
    return owner
      ? { DATABASE_OWNER_URL: owner.ownerUrl, DATABASE_ORIGIN_ROLE: owner.originRole }
      : {};
  }

  /** The target that tasks are run at; `undefined`: here. */
  #taskRunner(): Target | undefined {
    const { intent: { programs }, targets } = this.#options;
    const target = programs.includes("origin") ? targets.origin : targets.edge;
    return target.runTask ? target : undefined;
  }
}

/** The targets of a deployment, each once. */
export function distinctTargets(
  { intent: { programs }, targets }: Pick<DeploymentOptions, "intent" | "targets">,
): Target[] {
  return [...new Set(programs.map((kind) => targets[kind]))];
}
