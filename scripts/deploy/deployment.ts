/**
 * A deployment as it is performed, and what comes of it.
 *
 * Invariant: once a roll has begun, the command ends with one release in service: the new one, or,
 * when anything failed, what was there before; and what became of it is written down at the target.
 *
 * @module
 */

import type { ProgramKind } from "../dev/start_command.ts";
import { goBack } from "./go_back.ts";
import { type Done, type Failed, performSteps } from "./perform.ts";
import { releasesInWords } from "./plan.ts";
import type { Outcome } from "./record.ts";
import type { ReleaseId } from "./release.ts";
import type { Target } from "./target.ts";
import { type DeploymentOptions, distinctTargets, Progress, StepWork } from "./work.ts";

export interface Result {
  /** In words, where programs go back to several. */
  release: string;
  outcome: Outcome;
  steps: Done[];
  failed?: Failed;
  /** Why what was rolled could not be taken back. */
  stuck?: string;
  runs: Partial<Record<ProgramKind, ReleaseId>>;
}

export async function runDeployment(options: DeploymentOptions): Promise<Result> {
  const { intent, steps, deps, reporter, signal } = options;
  const progress = new Progress(options.record);
  const { done, failed } = await performSteps(steps, {
    work: new StepWork(options, progress).byStep(() => write("done", options, progress)),
    begin: (step) => reporter.begin(step),
    end: (one) => reporter.end(one),
    fail: (one) => reporter.fail(one),
    elapsedMs: deps.elapsedMs,
    signal,
  });
  const stuck = failed && await afterFailure(failed, options, progress);
  return {
    ...{ release: releasesInWords(intent), outcome: progress.record.outcome, steps: done },
    ...(failed && { failed }),
    ...(stuck !== undefined && { stuck }),
    runs: await running(options),
  };
}

/** Resolves to why what was rolled could not be taken back, if it could not. */
async function afterFailure(
  { name, why }: Failed,
  options: DeploymentOptions,
  progress: Progress,
): Promise<string | undefined> {
  const { record, rolled, staged } = progress;
  const { intent: { back, targets: places }, targets, reporter } = options;
  record.why = `${name}: ${why}`;
  // Whoever goes back has a reason: what they left is no better for what is found afterwards.
  if (back && name === "smoke") {
    await write("done", options, progress);
    return;
  }
  record.outcome = "failed";
  if (rolled.size === 0) {
    if (staged) await write("failed", options, progress);
    return;
  }
  const before = Object.fromEntries(
    [...rolled].map((kind) => [kind, places[kind].installed.current[kind]]),
  );
  const report = (line: string) => reporter.line(line);
  const stuck = await goBack(rolled, { targets, before, report });
  await write(stuck === undefined ? "rolled back" : "failed", options, progress);
  return stuck;
}

/** A roll back is written down in the record of what it ended. */
async function write(
  outcome: Outcome,
  options: DeploymentOptions,
  { record }: Progress,
): Promise<string> {
  record.outcome = outcome;
  for (const target of distinctTargets(options)) {
    if (!options.intent.back) await target.record(record);
    else if (outcome === "done") await writeBack(target, options);
  }
  return record.id;
}

async function writeBack(
  target: Target,
  { intent, by }: DeploymentOptions,
): Promise<void> {
  const { releases, programs, targets } = intent;
  const stay = Object.values(releases);
  const left = new Set(programs.map((kind) => targets[kind].installed.current[kind]));
  const { records } = await target.inspect();
  for (const one of records) {
    if (!left.has(one.id) || stay.includes(one.id)) continue;
    await target.record({
      ...one,
      outcome: "rolled back",
      why: `by ${by}, to ${releasesInWords(intent)}`,
    });
  }
}

async function running({ intent: { programs }, targets }: DeploymentOptions) {
  const runs: Result["runs"] = {};
  for (const kind of programs) {
    const { current } = await targets[kind].inspect();
    if (current[kind] !== undefined) runs[kind] = current[kind];
  }
  return runs;
}
