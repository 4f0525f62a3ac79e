/**
 * Faults of all kinds, at random, two at a time: what no list of cases would have named.
 *
 * @module
 */

import { pick, type Random, randomFrom } from "testing/random.ts";
import type { Way } from "../../faults/faults.ts";
import { Links } from "../../faults/links.ts";
import { BESIDE_WHAT_HANGS_MS, FULL } from "../load/size.ts";
import type { Figures, Part, PartContext, PartResult } from "../part.ts";
import { Stage } from "../stage.ts";
import type { StageOptions } from "../stage_parts.ts";

const MINUTE_MS = 60_000;
const HANDS = 2;
/** Of a fault that ends by itself, and between two of one hand. */
const FAULT_MS = { least: 500, most: 8_000 }, REST_MS = { least: 1_000, most: 8_000 };
/** Short, so that groups fall silent and wake while all this goes on. */
const SETTINGS = { ARCHIVE_AFTER_MS: "1000" };
const LAG = { latencyMs: 150, jitterMs: 300 };

const EDGES = ["edge-0", "edge-1"], ORIGINS = ["origin-0", "origin-1"];
const PROGRAMS = [...EDGES, ...ORIGINS];
const PARTS = [...PROGRAMS, "nats", "postgres", "redis"];
const WAYS: readonly (Way | undefined)[] = [undefined, "toServer", "toClient"];

export const storm: Part = {
  name: "storm",
  about: "two minutes of random kills, drains, freezes, cuts, partitions and lags, two at a time",
  minutes: 3,
  run: (context) => runStorm(context, 2 * MINUTE_MS),
};

export const soak: Part = {
  name: "soak",
  about: "45 minutes of the storm",
  minutes: 47,
  long: true,
  withinMs: 60 * MINUTE_MS,
  // More pushes than the recorder keeps would be owed to ten of them.
  run: (context) => runStorm(context, 45 * MINUTE_MS, { size: { ...FULL, sleepers: 4 } }),
};

export async function runStorm(
  context: PartContext,
  ms: number,
  options: StageOptions = {},
): Promise<PartResult> {
  await using links = new Links();
  await using stage = await Stage.start(context, {
    ...options,
    limits: { send_again_p99_ms: BESIDE_WHAT_HANGS_MS, ...options.limits },
    system: { env: SETTINGS, ...options.system, through: links.through },
  });
  const endAt = stage.now() + ms;
  const hands = Array.from({ length: HANDS }, (_, k) => randomFrom(context.seed + 1 + k));
  const kinds: Figures = {};
  const busy = new Set<string>();
  await Promise.all(hands.map(async (random) => {
    while (stage.now() < endAt) {
      await stage.pause(between(REST_MS, random));
      const { kind, on, run } = pick(MENU, random);
      const target = pick(on, random);
      // A part that is broken already is left to whoever broke it.
      if (busy.has(target)) continue;
      busy.add(target);
      await stage.outage(target, () => run({ stage, links, random, id: target }));
      busy.delete(target);
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      context.report(`${kind} ${target}`);
    }
  }));
  return await stage.settle(kinds);
}

interface Order {
  stage: Stage;
  links: Links;
  random: Random;
  id: string;
}

/** `run` ends when the part is as it was. */
interface Fault {
  kind: string;
  on: readonly string[];
  run(order: Order): Promise<void>;
}

const MENU: readonly Fault[] = [
  { kind: "kills", on: PARTS, run: ({ stage, id }) => endAndReturn(stage, id, "kill") },
  { kind: "drains", on: PROGRAMS, run: ({ stage, id }) => endAndReturn(stage, id, "terminate") },
  { kind: "freezes", on: PROGRAMS, run: freeze },
  { kind: "partitions_from_nats", on: PROGRAMS, run: (order) => hold(order, order.id, "nats") },
  { kind: "partitions_from_redis", on: PROGRAMS, run: (order) => hold(order, order.id, "redis") },
  { kind: "partitions_from_postgres", on: ORIGINS, run: (o) => hold(o, o.id, "postgres") },
  { kind: "lost_commit_answers", on: ORIGINS, run: loseAnswer },
  {
    kind: "cuts_of_all_clients",
    on: EDGES,
    run: ({ links, id }) => Promise.resolve(links.of("clients", id).cut()),
  },
  { kind: "client_partitions", on: EDGES, run: (order) => hold(order, "clients", order.id) },
  { kind: "client_lags", on: EDGES, run: lag },
];

async function endAndReturn(stage: Stage, id: string, how: "kill" | "terminate"): Promise<void> {
  await stage.system[how](id);
  await stage.untilReady(id);
}

async function freeze({ stage, random, id }: Order): Promise<void> {
  stage.system.signal(id, "SIGSTOP");
  try {
    await stage.pause(between(FAULT_MS, random));
  } finally {
    stage.system.signal(id, "SIGCONT");
  }
  await stage.untilReady(id);
}

async function hold({ stage, links, random, id }: Order, from: string, to: string): Promise<void> {
  links.of(from, to).hold(pick(WAYS, random));
  await stage.pause(between(FAULT_MS, random));
  links.of(from, to).resume();
  await stage.untilReady(id);
}

async function lag({ stage, links, random, id }: Order): Promise<void> {
  links.of("clients", id).slow(LAG);
  await stage.pause(between(FAULT_MS, random));
  links.of("clients", id).resume();
}

async function loseAnswer({ stage, links, random, id }: Order): Promise<void> {
  links.postgresOf(id).loseAnswers();
  await stage.pause(between(FAULT_MS, random));
  links.postgresOf(id).resume();
}

function between({ least, most }: { least: number; most: number }, random: Random): number {
  return least + random() * (most - least);
}
