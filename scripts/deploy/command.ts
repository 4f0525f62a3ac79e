/**
 * `deno task deploy`: plans, asks, performs, and says what came of it.
 *
 * Invariant: the exit code is 0 when it was done, 1 when it failed, whereupon what was rolled is back
 * or it is said why not, and 2 when it was used wrongly, whereupon nothing was changed.
 *
 * @module
 */

import type { Command } from "commander";
import { readableBy } from "../check/files.ts";
import { CommandFailed, type Output, UsedWrongly } from "../cli/run.ts";
import type { ProgramKind } from "../dev/start_command.ts";
import { type Result, runDeployment } from "./deployment.ts";
import type { MakeDeps } from "./made.ts";
import { deployCommand, type DeployOptions, unheardOptions } from "./options.ts";
import { BACK, planSteps, planTitle } from "./plan.ts";
import { prepare, type Prepared, programsOf, type Targets } from "./prepare.ts";
import { type Reporter, reporter } from "./report.ts";
import { runMigrations } from "./steps/migrate.ts";
import { planTable } from "./table.ts";
import type { Target, TargetName } from "./target.ts";
import { TARGETS } from "./targets.ts";

export interface DeployTerminal extends Output {
  readonly isTerminal: boolean;
  /** Takes text as it is; for what is told while it goes on. */
  write(text: string): void;
  /** Whether whoever typed the command says yes. */
  ask(question: string): boolean;
  /** Aborted when they have had enough. */
  readonly interrupted: AbortSignal;
}

export interface DeployDeps extends MakeDeps {
  /** The command of `deno task origin`. */
  originTask: string;
}

export function deploy(terminal: DeployTerminal, deps: DeployDeps): Command {
  return deployCommand().action(async (options: DeployOptions, command: Command) => {
    const reporting = options.json
      ? reporter((text) => terminal.tell(text.trimEnd()), false)
      : reporter(terminal.write, terminal.isTerminal);
    if (!options.plan && !options.yes && !terminal.isTerminal) {
      throw new UsedWrongly("nobody can be asked here: say --yes, or --plan");
    }
    const unheard = unheardOptions(command, options);
    if (unheard.length > 0) throw new UsedWrongly(unheard.join("\n"));
    const targets = await openTargets(options, deps, reporting);
    await using stack = new AsyncDisposableStack();
    if (!options.plan) {
      for (const target of new Set(Object.values(targets))) {
        if (target.lock) stack.use(await target.lock());
      }
    }
    if (options.stop) return await stop(options, targets, terminal, reporting);
    const prepared = await prepare(options, targets, deps);
    const steps = planSteps(prepared.intent);
    if (options.plan) return showPlan(prepared, steps, options, terminal);
    if (!options.json) showPlan(prepared, steps, options, terminal);
    confirm("Do it?", options, terminal);
    const result = await runDeployment({
      ...prepared,
      steps,
      targets,
      migrate: () => runMigrations(prepared.settings.origin!.database, prepared.owner),
      deps,
      readable: readableBy(deps.originTask),
      reporter: reporting,
      by: deps.by,
      signal: terminal.interrupted,
    });
    tell(result, options, terminal);
  });
}

async function openTargets(
  options: DeployOptions,
  { environment, nowMs }: DeployDeps,
  reporting: Reporter,
): Promise<Targets> {
  const context = { environment, nowMs, report: (line: string) => reporting.line(line) };
  const open = (name: TargetName): Promise<Target> => TARGETS[name]!.open({ ...options }, context);
  const { edge, origin } = options.target;
  const first = await open(edge);
  return { edge: first, origin: origin === edge ? first : await open(origin) };
}

const FORWARD_GOES_BACK = "What was rolled goes back by itself when a later step fails.";
const BACK_STAYS =
  "What was rolled goes back by itself when a roll fails; what a smoke test then " +
  "says of it is told, and changes nothing.";

function showPlan(
  { intent, warnings }: Prepared,
  steps: ReturnType<typeof planSteps>,
  { json }: DeployOptions,
  { print }: DeployTerminal,
): void {
  if (json) return print(JSON.stringify({ release: intent.release, steps, warnings }));
  print(`${planTitle(intent)}\n`);
  for (const line of planTable(steps)) print(`  ${line}`);
  print(`\n${intent.back ? BACK_STAYS : FORWARD_GOES_BACK}`);
  for (const warning of warnings) print(`warning: ${warning}`);
  print("");
}

/** @throws {CommandFailed} When they say no. */
function confirm(question: string, { yes }: DeployOptions, terminal: DeployTerminal): void {
  if (!yes && !terminal.ask(question)) throw new CommandFailed("nothing was done");
}

async function stop(
  options: DeployOptions,
  targets: Targets,
  terminal: DeployTerminal,
  reporting: Reporter,
): Promise<void> {
  const programs = BACK.filter((kind) => programsOf(options, targets).includes(kind));
  if (options.plan) return await showEnds(programs, targets, options, terminal);
  confirm(`End all ${programs.map((kind) => `${kind}s`).join(" and ")}?`, options, terminal);
  for (const kind of programs) {
    await targets[kind].stop(kind);
    reporting.line(`${kind}s have ended`);
  }
}

async function showEnds(
  programs: readonly ProgramKind[],
  targets: Targets,
  { json }: DeployOptions,
  { print }: DeployTerminal,
): Promise<void> {
  const running = await Promise.all(programs.map(async (kind) => {
    const { replicas } = await targets[kind].inspect();
    return replicas.filter((one) => one.kind === kind).map(({ id }) => id);
  }));
  const ends = running.flat();
  if (json) return print(JSON.stringify({ ends }));
  print(`Would end: ${ends.join(", ") || "nothing, for nothing runs"}`);
}

/** @throws {CommandFailed} When it failed; why is told with the step. */
function tell(result: Result, { json }: DeployOptions, { print }: DeployTerminal): void {
  const { release, failed, stuck, outcome, runs } = result;
  if (json) print(JSON.stringify(result));
  if (!failed) {
    if (!json) print(`\n${release} ${release.includes(" ") ? "are" : "is"} in service`);
    return;
  }
  const what = stuck !== undefined
    ? `and what was rolled is not back: ${stuck}`
    : outcome === "done"
    ? "and is in service all the same"
    : outcome === "rolled back"
    ? "and what was rolled is back"
    : "and nothing was rolled";
  const running = Object.entries(runs).map(([kind, id]) => `${kind}s run ${id}`).join(", ");
  throw new CommandFailed(
    `${release} failed at ${failed.name}, ${what}. Now ${running || "nothing runs"}`,
  );
}
