/**
 * What befalls programs: they die, anywhere; they stand still; they are rolled; their clocks differ.
 *
 * @module
 */

import type { CrashPoint, Process } from "../model/process.ts";
import type { World } from "../world.ts";
import type { Action } from "./action.ts";

export const CRASH_POINTS: readonly CrashPoint[] = [
  "before insert",
  "in commit",
  "after commit",
  "after presence",
  "while publishing",
  "after publish",
];

const MAX_SKEW_MS = 3_000;

export const PROCESS_FAULTS: readonly Action[] = [
  {
    name: "kill an edge",
    weight: 2,
    run(world) {
      const { process } = world.random.pick(world.edges);
      if (!process.alive) return;
      world.note("fault: edge killed", process.name);
      process.kill();
    },
  },
  {
    name: "kill an origin",
    weight: 2,
    run(world) {
      const { process } = world.random.pick(world.origins);
      if (!process.alive) return;
      world.note("fault: origin killed", process.name);
      process.kill();
    },
  },
  {
    name: "crash an origin somewhere",
    weight: 5,
    run(world) {
      const { random } = world;
      const { process } = random.pick(world.origins);
      process.crashAt(random.pick(CRASH_POINTS), 1 + random.int(3));
    },
  },
  {
    name: "drain an edge",
    weight: 1,
    run(world) {
      const edge = world.random.pick(world.edges);
      if (!edge.process.alive || edge.draining) return;
      world.note("fault: edge drained", edge.process.name);
      edge.drain().catch(world.judge.threw);
    },
  },
  {
    name: "drain an origin",
    weight: 1,
    run(world) {
      const origin = world.random.pick(world.origins);
      if (!origin.process.alive || origin.draining) return;
      world.note("fault: origin drained", origin.process.name);
      origin.drain().catch(world.judge.threw);
    },
  },
  {
    name: "let an edge stand still",
    weight: 1.5,
    run: (world) => standStill(world, "edge"),
  },
  {
    name: "let an origin stand still",
    weight: 2.5,
    run: (world) => standStill(world, "origin"),
  },
  {
    name: "set a clock",
    weight: 1.5,
    run(world) {
      const { random } = world;
      const { process } = random.pick([...world.edges, ...world.origins]);
      world.note("fault: clock set", process.name);
      process.skewMs = random.between(-MAX_SKEW_MS, MAX_SKEW_MS);
    },
  },
];

/** Long enough, now and then, that others take over, and it acts when nobody expects it any more. */
function standStill(world: World, what: "edge" | "origin"): void {
  const { random } = world;
  const programs = what === "edge" ? world.edges : world.origins;
  const { process } = random.pick<{ process: Process }>(programs);
  if (!process.alive) return;
  world.note(`fault: ${what} stood still`, process.name);
  process.stall(random.chance(0.3) ? random.between(5_000, 25_000) : random.between(50, 4_000));
}
