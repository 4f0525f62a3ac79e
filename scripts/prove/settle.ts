/**
 * The end of a run: the load stops, what is owed comes, and everything is judged.
 *
 * Invariant: nothing is called missing before its time is over, and nothing is judged while
 * something may still be written: every send has its last answer before the truth is read. What is
 * owed to those who sleep is judged before they wake: then the resume has it.
 *
 * @module
 */

import { natsRefusals } from "../dev/nats_refusals.ts";
import { pause } from "../services/wait_until.ts";
import { checkAsleep, checkAtTheEnd, findingsOf, type Verdict } from "./history/check.ts";
import type { Expectations } from "./history/evidence.ts";
import { figuresOf } from "./history/figures.ts";
import type { Outage } from "./history/outage.ts";
import { readTruth } from "./history/read_truth.ts";
import { checkDeliveries } from "./history/rules/deliveries.ts";
import { lengthWithin } from "./history/spans.ts";
import type { Truth } from "./history/truth.ts";
import { judgeLimits, measured } from "./limits.ts";
import { type LoadSize, SENDS_AGAIN_WITHIN_MS } from "./load/size.ts";
import { type Anomaly, anomaly, type Figures, type PartResult } from "./part.ts";
import type { Patience, StageParts } from "./stage_parts.ts";

/** A push that a killed origin held is free again after two minutes. */
const PATIENCE: Patience = { deliveredMs: 40_000, pushedMs: 150_000 };
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
  await untilDelivered(parts);
  const asleep = await judgeAsleep(parts);
  for (const sleeper of population.sleepers) sleeper.start();
  await population.untilConnected(population.sleepers);
  await untilDelivered(parts);
  await pause(QUIET_MS);

  const truth = await readTruth(system.state);
  const refusals = await natsRefusals(system);
  const { history } = recorder;
  const atTheEnd = checkAtTheEnd(history, truth, expectNow(parts));
  const figures: Figures = {
    ...outageFigures(outages),
    ...figuresOf(history, truth, { outages, system: system.state }),
    ...asleep.counts,
    ...atTheEnd.counts,
    refused_at_nats: refusals.length,
    ...await ownFigures(),
  };
  const limits = {
    ...(outages.length > 0 && { send_again_p99_ms: SENDS_AGAIN_WITHIN_MS }),
    ...options.limits,
  };
  const anomalies = [
    ...asleep.anomalies,
    ...atTheEnd.anomalies,
    ...judgeRefused(refusals),
    ...judgeLimits(figures, limits),
    ...judgeOwed(population.sleepers.length, figures),
  ];
  const conditions = { load: wordsOf(size) };
  return { result: { anomalies, figures: measured(figures), conditions }, truth };
}

function expectNow({ options, population }: StageParts): Expectations {
  const live = population.all.filter(({ live }) => live).map(({ history }) => history);
  return { ...options, live: new Set(live) };
}

async function untilDelivered(parts: StageParts): Promise<void> {
  const { context, options, recorder, system } = parts;
  const { deliveredMs } = { ...PATIENCE, ...options.patience };
  const truth = await readTruth(system.state);
  await untilTrue(deliveredMs, context.signal, () => {
    const { history } = recorder;
    return !findingsOf([checkDeliveries], history, truth, expectNow(parts)).has("undelivered");
  });
}

/** Once what is owed to them has had its time. */
async function judgeAsleep(parts: StageParts): Promise<Verdict> {
  const { context, options, recorder, system } = parts;
  const { pushedMs } = { ...PATIENCE, ...options.patience };
  let verdict: Verdict | undefined;
  await untilTrue(pushedMs, context.signal, async () => {
    verdict = checkAsleep(recorder.history, await readTruth(system.state), expectNow(parts));
    return verdict.anomalies.length === 0;
  });
  return verdict!;
}

/** A program that may not say what it must is deaf or dumb, and the auditors would make it good. */
function judgeRefused(refusals: readonly string[]): Anomaly[] {
  return refusals.length > 0 ? [anomaly("refused-at-nats", ...refusals)] : [];
}

/** Of those who sleep somebody must be owed a push, or none was tried. */
function judgeOwed(sleepers: number, { pushes_owed: owed = 0 }: Figures): Anomaly[] {
  if (sleepers === 0 || owed > 0) return [];
  return [anomaly("not-measured", `no push was owed to any of ${sleepers} who slept`)];
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
  if (outages.length === 0) return figures;
  const spans = outages.map(({ downAt, readyAt }) => ({ from: downAt, to: readyAt }));
  const downMs = lengthWithin(spans, { from: -Infinity, to: Infinity });
  return { ...figures, down_s: Math.round(downMs / 1_000) };
}

function wordsOf(size: LoadSize): string {
  const { users, devicesPerUser, groups, membersPerGroup, sendsPerS } = size;
  const people =
    `${users} users × ${devicesPerUser} devices, ${groups} groups of ${membersPerGroup}`;
  return `${people}, ${sendsPerS} sends/s`;
}
