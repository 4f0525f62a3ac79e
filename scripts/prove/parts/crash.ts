/**
 * An origin dies at each moment between a command and its recipients, an edge while it waits for an
 * answer, and answers of commits are lost.
 *
 * @module
 */

import type { Moment } from "origin/moments.ts";
import { AppendGates, type Gate } from "../../faults/append_gates.ts";
import { CrashPoints } from "../../faults/crash_points.ts";
import { Links } from "../../faults/links.ts";
import { SENDS_AGAIN_WITHIN_MS } from "../load/size.ts";
import type { Part, PartContext, PartResult } from "../part.ts";
import { Stage } from "../stage.ts";
import type { StageOptions } from "../stage_parts.ts";

const TIMES = 10;
/** From one that is ready again to the next crash: every send has had its time to succeed again. */
const BETWEEN_MS = SENDS_AGAIN_WITHIN_MS;
const LOST_ANSWERS = 50;
/** Between two that are lost; crashes go on meanwhile. */
const LOSE_EVERY_MS = 1_000;

/** In the order in which a message passes them. */
const POINTS: readonly (Moment | Gate)[] = [
  "before insert",
  "after insert",
  "in COMMIT",
  "after commit",
  "after presence",
  "after publish",
];
const ORIGINS = ["origin-0", "origin-1"] as const, EDGES = ["edge-0", "edge-1"] as const;

export const crash: Part = {
  name: "crash",
  about: `an origin dies at each of ${POINTS.length} points of a send, an edge while it waits; ` +
    "answers of commits are lost",
  minutes: 7,
  run: (context) => runCrash(context, { times: TIMES, lostAnswers: LOST_ANSWERS }),
};

export async function runCrash(
  context: PartContext,
  { times, lostAnswers, ...options }: StageOptions & { times: number; lostAnswers: number },
): Promise<PartResult> {
  await using points = await CrashPoints.prepare(ORIGINS);
  await using links = new Links(({ to }) => to === "postgres");
  const system = { builds: points.builds, through: links.through };
  await using stage = await Stage.start(context, { ...options, system });
  await using gates = await AppendGates.build(stage.system.state.postgres.url);
  const crashing = async () => {
    for (let round = 0; round < times; round++) {
      for (const [i, point] of POINTS.entries()) {
        const isGate = point === "after insert" || point === "in COMMIT";
        if (isGate) await dieWithin(stage, gates, point, round);
        else await dieAt(stage, points, point, ORIGINS[(i + round) % ORIGINS.length]!);
        await stage.pause(BETWEEN_MS);
      }
      await edgeDies(stage, gates, EDGES[round % EDGES.length]!);
      await stage.pause(BETWEEN_MS);
      context.report(`round ${round + 1} of ${times}`);
    }
  };
  await Promise.all([crashing(), loseAnswers(stage, links, lostAnswers)]);
  const lost = ORIGINS.reduce((sum, id) => sum + links.postgresOf(id).lostAnswers, 0);
  const crashes = times * (POINTS.length + 1);
  return await stage.settle({ crashes, commit_answers_lost: lost });
}

async function dieAt(stage: Stage, points: CrashPoints, moment: Moment, id: string): Promise<void> {
  const { died } = await points.arm(stage.system, id, moment);
  await died;
  await stage.outage(id, () => stage.untilReady(id));
}

/**
 * Whichever origin comes to the gate is killed there. What it had asked for goes on without it, or
 * is rolled back, as Postgres may find out or not that nobody is there any more.
 */
async function dieWithin(stage: Stage, gates: AppendGates, gate: Gate, round: number) {
  await gates.close(gate);
  const held = await gates.held(gate);
  const id = ORIGINS.find((origin) => held.application.startsWith(`${origin} `));
  if (!id) throw new Error(`Cannot tell which origin "${held.application}" is`);
  await stage.outage(id, async () => {
    await stage.system.kill(id);
    if (round % 2 === 0) await held.abort();
    await gates.open(gate);
    await stage.untilReady(id);
  });
}

/** What it asked for is done without it, and those who asked it are not told. */
async function edgeDies(stage: Stage, gates: AppendGates, id: string): Promise<void> {
  await gates.close("in COMMIT");
  await gates.held("in COMMIT");
  await stage.outage(id, async () => {
    await stage.system.kill(id);
    await gates.open("in COMMIT");
    await stage.untilReady(id);
  });
}

async function loseAnswers(stage: Stage, links: Links, count: number): Promise<void> {
  for (let k = 0; k < count; k++) {
    const link = links.postgresOf(ORIGINS[k % ORIGINS.length]!);
    const { lostAnswers } = link;
    link.loseAnswers();
    await stage.pause(LOSE_EVERY_MS);
    while (link.lostAnswers === lostAnswers) await stage.pause(50);
  }
}
