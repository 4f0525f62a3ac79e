/**
 * From what was typed to a deployment that can be planned and performed.
 *
 * Invariant: nothing is changed, anywhere.
 *
 * @module
 */

import type { TokenConfig } from "edge/config.ts";
import { readEnvFile } from "../check/environment.ts";
import type { Finding } from "../check/finding.ts";
import { wordsOf } from "../check/probe.ts";
import { replicasOf } from "../check/replicas.ts";
import { table } from "../check/table.ts";
import { judgeUsers, type ReplicaUser } from "../check/users.ts";
import { UsedWrongly } from "../cli/run.ts";
import type { ProgramKind } from "../dev/start_command.ts";
import type { Target as Owner } from "../migrate/migration.ts";
import { keptRelease, type Made, type MakeDeps, makeRelease, tokensIn } from "./made.ts";
import type { DeployOptions } from "./options.ts";
import type { Replicas } from "./own.ts";
import { FORWARD, type Intent, type Place } from "./plan.ts";
import type { ReleaseRecord } from "./record.ts";
import { isFor, type Release, type ReleaseId, type ReleaseSettings } from "./release.ts";
import { platformsOf } from "./smoke/push.ts";
import { type SmokeUsers, smokeUsers } from "./smoke/users.ts";
import { ownerIn, planMigrations } from "./steps/migrate.ts";
import { planStream } from "./steps/streams.ts";
import type { Installed, Target } from "./target.ts";

export type Targets = Readonly<Record<ProgramKind, Target>>;

export interface Prepared {
  intent: Intent;
  release?: Release;
  record: ReleaseRecord;
  settings: Made["settings"];
  /** Replicas that have settings of their own. */
  users: Made["users"];
  /** Whom the database is migrated as. */
  owner?: Owner;
  smoke?: SmokeUsers;
  warnings: string[];
}

export async function prepare(
  options: DeployOptions,
  targets: Targets,
  deps: MakeDeps,
): Promise<Prepared> {
  const wanted = programsOf(options, targets);
  const installed = await inspect(targets);
  const replicas = replicasAt(targets, installed);
  const back = options.rollback !== undefined;
  const made = back
    ? await keptRelease(options, wanted, targets, installed, deps)
    : await makeRelease(options, wanted, replicas, deps);
  const { environments, settings, users, programs, releases } = made;
  const ofReplicas = back ? endsOf(made, replicas, installed) : usersOf(made, replicas);
  const owner = back ? undefined : ownerOf(options, settings, deps);
  const tokens = settings.edge?.tokens ?? await tokensOfRunning(targets, installed) ?? made.tokens;
  const smoke = await smokeOf(tokens, options.smokeToken, made.record.id);
  const places = (kind: ProgramKind): Place => ({
    name: targets[kind].name,
    where: targets[kind].where,
    runsTasks: targets[kind].runTask !== undefined,
    installed: installed[kind],
  });
  const { origin } = back ? {} : settings;
  const [pendingMigrations, streamChanges] = await Promise.all([
    known(() => origin ? planMigrations(origin.database, owner) : Promise.resolve([])),
    known(async () => origin ? (await planStream(origin)).changes : []),
  ]);
  const intent: Intent = {
    ...{ release: made.record.id, releases, back, programs },
    ...{ pendingMigrations, streamChanges },
    pushedBy: settings.origin ? platformsOf(settings.origin.push) : [],
    targets: { edge: places("edge"), origin: places("origin") },
    ...(typeof smoke === "string" && { smokeLeftOut: smoke }),
  };
  return {
    intent,
    ...(made.release && { release: made.release }),
    record: {
      ...made.record,
      programs: [...programs],
      settings: namesIn(environments),
      previous: previousOf(programs, installed),
    },
    ...{ settings, users },
    ...(owner && { owner }),
    ...(typeof smoke !== "string" && { smoke }),
    warnings: [...made.warnings, ...warningsOf(intent, targets, installed), ...ofReplicas],
  };
}

function replicasAt(targets: Targets, installed: Record<ProgramKind, Installed>): Replicas {
  const at = (kind: ProgramKind) => targets[kind].replicas(kind, installed[kind]);
  return { edge: at("edge"), origin: at("origin") };
}

/**
 * What is to be said of who the edges are at NATS.
 *
 * @throws {UsedWrongly} When one of them has no user there.
 */
function usersOf({ settings, users, folder }: Made, { edge }: Replicas): string[] {
  const { nats } = settings.edge ?? {};
  if (!nats) return [];
  if (edge.length === 0) return nats.auth ? [] : [nobodyOf(folder)];
  const alike = edge.map((id): ReplicaUser => ({ id, program: "edge", nats }));
  const own = users.filter(({ program }) => program === "edge");
  const findings = judgeUsers(own.length > 0 ? own : alike, folder);
  const of = (wanted: Finding["level"]) => findings.filter(({ level }) => level === wanted);
  const faults = of("failure");
  if (faults.length > 0) {
    throw new UsedWrongly(`the settings are not complete:\n${table(faults).join("\n")}`);
  }
  return of("warning").map(({ says, mend }) => `${says}. ${mend}`);
}

/** Well where NATS lets in everybody; else the preflight fails. */
function nobodyOf(folder = "FOLDER"): string {
  return "edges have no user at NATS. Draw one for all of them: " +
    `deno task init ${folder} --shared-key, and have the NATS servers read their users again`;
}

/** Replicas for which a release that is gone back to was not made. */
function endsOf(
  { environments, programs, releases }: Made,
  replicas: Replicas,
  installed: Record<ProgramKind, Installed>,
): string[] {
  return programs.flatMap((kind) =>
    replicas[kind].filter((id) => !isFor(environments, kind, id)).map((id) => {
      const runs = installed[kind].replicas.some((one) => one.id === id);
      const what = runs ? "ends" : "does not begin";
      return `${id} ${what}: it was not there yet when ${releases[kind]} was made`;
    })
  );
}

/** @throws {UsedWrongly} When a target cannot run what is asked for. */
export function programsOf({ only }: Pick<DeployOptions, "only">, targets: Targets): ProgramKind[] {
  const programs = only ? [only] : FORWARD;
  for (const kind of programs) {
    const { name, runs } = targets[kind];
    if (runs.includes(kind)) continue;
    throw new UsedWrongly(
      `${name} does not run ${kind}s: give them a target of their own, --target ${kind}=NAME, ` +
        `or leave them out, --only ${runs[0]}`,
    );
  }
  return [...programs];
}

async function inspect(targets: Targets): Promise<Record<ProgramKind, Installed>> {
  const edge = await targets.edge.inspect();
  const origin = targets.origin === targets.edge ? edge : await targets.origin.inspect();
  return { edge, origin };
}

/** Neither program is told of it: what is staged holds only what they read. */
function ownerOf(
  { env }: DeployOptions,
  { origin }: Made["settings"],
  { environment, readText }: MakeDeps,
): Owner | undefined {
  if (!origin) return;
  const files = env.filter((one) => !/^(edge|origin)=/.test(one)).map((one) =>
    readEnvFile(one.replace(/^migrate=/, ""), readText)
  );
  const all = Object.assign({}, environment, ...files.map(({ values }) => values));
  return ownerIn(all, origin.database);
}

function namesIn(environments: ReleaseSettings): ReleaseRecord["settings"] {
  const of = (kind: ProgramKind) => {
    const own = replicasOf(kind, environments.own).map((id) => environments.own![id]!);
    const names = [environments[kind], ...own].flatMap((settings) => Object.keys(settings));
    return [...new Set(names)].toSorted();
  };
  return { edge: of("edge"), origin: of("origin") };
}

function previousOf(
  programs: readonly ProgramKind[],
  installed: Record<ProgramKind, Installed>,
): ReleaseRecord["previous"] {
  return Object.fromEntries(
    programs.flatMap((kind) => {
      const before = installed[kind].current[kind];
      return before === undefined ? [] : [[kind, before]];
    }),
  );
}

async function smokeOf(
  tokens: TokenConfig | undefined,
  given: readonly string[],
  id: ReleaseId,
): Promise<SmokeUsers | string> {
  if (!tokens) return "there are no settings of an edge to go by";
  const run = `${id.split("-").at(-2)}-${crypto.randomUUID().slice(0, 4)}`;
  return await smokeUsers(tokens, given, run);
}

/** Origins alone are tried by the edges that run, whose settings their own release has. */
async function tokensOfRunning(
  { edge }: Targets,
  { edge: { current } }: Record<ProgramKind, Installed>,
): Promise<TokenConfig | undefined> {
  if (current.edge === undefined) return;
  const environment = (await edge.settingsOf(current.edge))?.edge;
  return environment && tokensIn(environment);
}

/** A plan says what it can; the preflight will say why it could not. */
async function known(ask: () => Promise<string[]>): Promise<string[] | string> {
  try {
    return await ask();
  } catch (error) {
    return wordsOf(error);
  }
}

function warningsOf(
  { programs, smokeLeftOut }: Intent,
  targets: Targets,
  installed: Record<ProgramKind, Installed>,
): string[] {
  const own = [...new Set(programs.map((kind) => targets[kind]))].flatMap((target) => {
    const kind = programs.find((one) => targets[one] === target)!;
    return target.warnings(installed[kind], programs);
  });
  const hasEdges = programs.includes("edge") || installed.edge.current.edge !== undefined;
  const untested = smokeLeftOut !== undefined && hasEdges
    ? [`nothing will be tried as a client: ${smokeLeftOut}`]
    : [];
  return [...own, ...untested];
}
