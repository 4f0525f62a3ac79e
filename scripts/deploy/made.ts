/**
 * What is to run: a release that is made now, or one that is kept.
 *
 * Invariant: it comes with the settings that it is to run with, and nothing else that the environment
 * holds. Every fault of the settings is told, and all at once.
 *
 * @module
 */

import { dirname } from "node:path";
import { readEdge, readEdgeConfig, type TokenConfig } from "edge/config.ts";
import { readOrigin } from "origin/config.ts";
import { ConfigError, type Environment, settingsOf } from "shared/config/read.ts";
import { type EnvFile, environmentsOf, readEnvFile } from "../check/environment.ts";
import { type Own, programOf, readOwn } from "../check/own.ts";
import type { CheckDeps } from "../check/probe.ts";
import { readReplicas, replicasOf } from "../check/replicas.ts";
import { type Environments, type ReadSettings, strangersIn } from "../check/settings.ts";
import { OF_RUNTIME } from "../check/spans.ts";
import { table } from "../check/table.ts";
import type { ReplicaUser } from "../check/users.ts";
import { CommandFailed, UsedWrongly } from "../cli/run.ts";
import type { ProgramKind } from "../dev/start_command.ts";
import { readMigrate } from "../migrate/settings.ts";
import { type Asked, keptIn, noWayBack, stoppedInPart } from "./no_way_back.ts";
import type { DeployOptions } from "./options.ts";
import { namesOf, type Replicas, withOwn } from "./own.ts";
import { lastDone, type ReleaseRecord, stoppedSince, wayBack } from "./record.ts";
import type { Release, ReleaseId, ReleaseSettings } from "./release.ts";
import { releaseOf } from "./source.ts";
import type { Installed, Target } from "./target.ts";

const OF_MIGRATION = new Set(settingsOf(readMigrate).map(({ name }) => name));

export interface MakeDeps extends CheckDeps {
  /** Of the checkout. */
  root: string;
  environment: Environment;
  /** Who deploys. */
  by: string;
}

export interface Made {
  /** Made now. */
  release?: Release;
  record: ReleaseRecord;
  /** What each program is to run. */
  releases: Partial<Record<ProgramKind, ReleaseId>>;
  /** Those that are to be rolled. */
  programs: readonly ProgramKind[];
  environments: ReleaseSettings;
  /** Of the first replica of each. */
  settings: Pick<ReadSettings, "edge" | "origin">;
  /** Those that have settings of their own. */
  users: readonly ReplicaUser[];
  /** Where the settings of edges are, as far as they are in a file. */
  folder?: string;
  /** How tokens are checked by edges that are not part of it, if that was said. */
  tokens?: TokenConfig;
  /** What whoever deploys should know of the files of settings. */
  warnings: string[];
}

/** Of the checkout. */
export async function makeRelease(
  { env, dirty }: DeployOptions,
  programs: readonly ProgramKind[],
  replicas: Replicas,
  { root, environment, by, nowMs, readText }: MakeDeps,
): Promise<Made> {
  const files = env.filter((one) => !one.startsWith("migrate=")).map((one) =>
    readEnvFile(one, readText)
  );
  const own = readOwn(files, programs.flatMap((kind) => namesOf(kind, replicas)), readText);
  const given = environmentsOf(environment, files);
  const environments = withOwn(onlyRead(given, programs), onlyReadOfOwn(own), replicas);
  const tokens = tokensIn(given.edge);
  const { settings, users } = readAll(programs, environments, readText);
  const release = await releaseOf({ root, dirty: dirty === true, environments, nowMs });
  const ofEdges = files.find((file) => file.programs.includes("edge"));
  return {
    ...{ release, programs, environments, settings, users, record: recordOf(release, by) },
    ...(tokens && { tokens }),
    releases: Object.fromEntries(programs.map((kind) => [kind, release.id])),
    ...(ofEdges && { folder: dirname(ofEdges.path) }),
    warnings: files.flatMap(strangers),
  };
}

/**
 * With the settings that it was staged with. Asked for none by name, the programs that were deployed
 * last go back, each to what ran before, which need not be one release.
 */
export async function keptRelease(
  { rollback, only }: DeployOptions,
  programs: readonly ProgramKind[],
  targets: Readonly<Record<ProgramKind, Target>>,
  installed: Readonly<Record<ProgramKind, Installed>>,
  { readText }: MakeDeps,
): Promise<Made> {
  if (typeof rollback !== "string" && !only) await assertWhole(targets, installed);
  const releases = typeof rollback === "string"
    ? Object.fromEntries(programs.map((kind) => [kind, rollback]))
    : wayBack(installed, only ?? (programs.length === 1 ? programs[0] : undefined));
  const going = programs.filter((kind) => releases[kind] !== undefined);
  const records = going.map((kind) => recordIn(installed[kind], releases[kind]!, targets[kind]));
  if (going.length === 0) {
    const asked = programs.map((kind) => askedOf(kind, targets[kind], installed[kind]));
    throw new CommandFailed(noWayBack(await Promise.all(asked)));
  }
  for (const [i, kind] of going.entries()) {
    const { id, programs: its } = records[i]!;
    if (!its.includes(kind)) throw new CommandFailed(`${id} has no ${kind}: --only ${its[0]}`);
    const lost = await targets[kind].lost?.(kind, id);
    if (lost !== undefined) throw new CommandFailed(`cannot go back: ${lost}`);
  }
  const environments = await settingsAt(targets, releases);
  const { findings: _, users, ...settings } = readReplicas(going, environments, readText);
  const record = records.reduce((one, other) => other.at > one.at ? other : one);
  return { record, releases, programs: going, environments, settings, users, warnings: [] };
}

/** @throws {CommandFailed} When one of the programs that were deployed last was stopped since. */
async function assertWhole(
  targets: Readonly<Record<ProgramKind, Target>>,
  installed: Readonly<Record<ProgramKind, Installed>>,
): Promise<void> {
  const kind = stoppedSince(installed);
  if (kind === undefined) return;
  const runs = kind === "edge" ? "origin" : "edge";
  const stopped = await askedOf(kind, targets[kind], installed[kind]);
  throw new CommandFailed(stoppedInPart({ stopped, runs, before: wayBack(installed)[runs] }));
}

/** Of each program those that its release was staged with. */
async function settingsAt(
  targets: Readonly<Record<ProgramKind, Target>>,
  releases: Made["releases"],
): Promise<ReleaseSettings> {
  const of = async (kind: ProgramKind): Promise<Partial<ReleaseSettings>> => {
    const release = releases[kind];
    return release === undefined ? {} : await targets[kind].settingsOf(release) ?? {};
  };
  const [edge, origin] = await Promise.all([of("edge"), of("origin")]);
  const own = Object.fromEntries([
    ...replicasOf("edge", edge.own).map((id) => [id, edge.own![id]!] as const),
    ...replicasOf("origin", origin.own).map((id) => [id, origin.own![id]!] as const),
  ]);
  const all = { edge: edge.edge ?? {}, origin: origin.origin ?? {} };
  return Object.keys(own).length > 0 ? { ...all, own } : all;
}

function recordIn({ records }: Installed, id: ReleaseId, { where }: Target): ReleaseRecord {
  const record = records.find((one) => one.id === id);
  if (record) return record;
  throw new CommandFailed(`${id} is not kept at ${where}; these are: ${keptIn(records)}`);
}

async function askedOf(kind: ProgramKind, target: Target, installed: Installed): Promise<Asked> {
  const last = lastDone(kind, installed.records);
  const lost = last && await target.lost?.(kind, last.id);
  return { kind, where: target.where, installed, ...(lost !== undefined && { lost }) };
}

/** Names that nobody reads; in a file for all there may be those of the migration. */
function strangers({ path, programs, values }: EnvFile): string[] {
  const isMigrations = (name: string) => programs.length > 1 && OF_MIGRATION.has(name);
  const names = Object.keys(values).filter((name) => !isMigrations(name));
  return strangersIn(path, programs, names).map(({ says, mend }) => `${path}: ${says}. ${mend}`);
}

/** `undefined`: no edge would start with them. */
export function tokensIn(environment: Environment): TokenConfig | undefined {
  try {
    return readEdgeConfig(environment).tokens;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** @throws {UsedWrongly} With every fault. */
function readAll(
  programs: readonly ProgramKind[],
  environments: ReleaseSettings,
  readText: (path: string) => string,
): Pick<Made, "settings" | "users"> {
  const { findings, users, ...settings } = readReplicas(programs, environments, readText);
  const faults = findings.filter(({ level }) => level === "failure");
  if (faults.length > 0) {
    throw new UsedWrongly(
      `the settings are not complete:\n${table(faults).join("\n")}\n` +
        "They are read from the environment and from --env FILE, which deno task init draws",
    );
  }
  return { settings, users };
}

/** What neither a program nor the runtime below it reads is none of its business. */
export function onlyRead(
  environments: Environments,
  programs: readonly ProgramKind[],
): Environments {
  const of = (kind: ProgramKind) => programs.includes(kind) ? readBy(kind, environments[kind]) : {};
  return { edge: of("edge"), origin: of("origin") };
}

function onlyReadOfOwn(own: Own): Own {
  return Object.fromEntries(
    Object.entries(own).map(([id, settings]) => [id, readBy(programOf(id)!, settings)]),
  );
}

function readBy(kind: ProgramKind, settings: Environment): Environment {
  const rows = kind === "edge" ? settingsOf(readEdge) : settingsOf(readOrigin);
  const names = new Set(rows.map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) =>
      value && (names.has(name) || name.startsWith(OF_RUNTIME))
    ),
  );
}

function recordOf({ id, version, commit, dirty, atMs }: Release, by: string): ReleaseRecord {
  return {
    ...{ id, version, commit, dirty, by, at: new Date(atMs).toISOString() },
    ...{ programs: [], settings: { edge: [], origin: [] }, migrations: [], previous: {} },
    outcome: "failed",
  };
}
