/**
 * The end of a run: the load stops, what is owed comes, and everything is judged.
 *
 * Invariant: nothing is called missing before its time is over, and nothing is judged while
 * something may still be written: every send has its last answer before the truth is read.
 *
 * @module
 */

import { pause } from "../services/wait_until.ts";
import { check, findingsOf } from "./history/check.ts";
import type { AnomalyName, Expectations, Rule } from "./history/evidence.ts";
import { figuresOf } from "./history/figures.ts";
import { mergeOutages, type Outage } from "./history/outage.ts";
import { readTruth } from "./history/read_truth.ts";
import { checkDeliveries } from "./history/rules/deliveries.ts";
import { checkPushes } from "./history/rules/pushes.ts";
import type { Truth } from "./history/truth.ts";
import { type LoadSize, SENDS_AGAIN_WITHIN_MS } from "./load/size.ts";
import { type Anomaly, anomaly, type Figures, type PartResult } from "./part.ts";
import type { StageParts } from "./stage.ts";

/** How long what is owed may take after the last answer, before it counts as missing. */
const DELIVERED_MS = 40_000, PUSHED_MS = 60_000;
/** Longer than from one digest to the next: what should not come has had time to. */
const QUIET_MS = 3_000;

export interface Settled {
  result: PartResult;
  truth: Truth;
}

export async function settle(
  parts: StageParts,
  outages: readonly Outage[],
  ownFigures: () => Promise<Figures>,
): Promise<Settled> {
  const { context, options, size, system, recorder, load, population } = parts;
  context.report("settling");
  await load.stop();
  await population.untilConnected(population.apps);
  const expectNow = (): Expectations => {
    const live = population.all.filter(({ live }) => live).map(({ history }) => history);
    return { ...options, live: new Set(live) };
  };
  let truth = await readTruth(system.state);
  const owes = (rule: Rule, name: AnomalyName) =>
    findingsOf([rule], recorder.history, truth, expectNow()).has(name);

  await untilTrue(DELIVERED_MS, context.signal, () => !owes(checkDeliveries, "undelivered"));
  await untilTrue(PUSHED_MS, context.signal, async () => {
    truth = await readTruth(system.state);
    return !owes(checkPushes, "unpushed");
  });
  for (const sleeper of population.sleepers) sleeper.resume();
  await population.untilConnected(population.sleepers);
  await untilTrue(DELIVERED_MS, context.signal, () => !owes(checkDeliveries, "undelivered"));
  await pause(QUIET_MS);

  truth = await readTruth(system.state);
  const { history } = recorder;
  const { anomalies, counts } = check(history, truth, expectNow());
  const measured = figuresOf(history, truth, outages);
  const figures = { ...outageFigures(outages), ...measured, ...counts, ...await ownFigures() };
  const limits = { send_again_p99_ms: SENDS_AGAIN_WITHIN_MS, ...options.limits };
  const result = {
    anomalies: [...anomalies, ...overLimits(figures, limits)],
    figures,
    conditions: { load: wordsOf(size) },
  };
  return { result, truth };
}

/** What was measured and is higher than it may be. */
export function overLimits(figures: Figures, limits: Figures): Anomaly[] {
  const over = Object.entries(limits).filter(([name, limit]) => (figures[name] ?? 0) > limit);
  if (over.length === 0) return [];
  const words = over.map(([name, limit]) => `${name} is ${figures[name]}, at most ${limit}`);
  return [anomaly("over-limit", ...words)];
}

/** Until it is so or the time is over: what is missing then, the checker says. */
async function untilTrue(
  withinMs: number,
  signal: AbortSignal,
  ask: () => boolean | Promise<boolean>,
): Promise<void> {
  const until = performance.now() + withinMs;
  while (!await ask() && performance.now() < until) {
    signal.throwIfAborted();
    await pause(500);
  }
}

function outageFigures(outages: readonly Outage[]): Figures {
  const figures: Figures = {};
  for (const { part } of outages) {
    const name = `${part.replace(/-\d+$/, "")}_outages`;
    figures[name] = (figures[name] ?? 0) + 1;
  }
  const merged = mergeOutages(outages);
  const downMs = merged.reduce((sum, { downAt, readyAt }) => sum + readyAt - downAt, 0);
  return merged.length === 0 ? figures : { ...figures, down_s: Math.round(downMs / 1_000) };
}

function wordsOf(size: LoadSize): string {
  const { users, devicesPerUser, groups, membersPerGroup, sendsPerS } = size;
  const people =
    `${users} users × ${devicesPerUser} devices, ${groups} groups of ${membersPerGroup}`;
  return `${people}, ${sendsPerS} sends/s`;
}
