/**
 * Groups fall silent and wake all the time, while edges, origins and NATS are killed and presence
 * is made wrong, so that every way to wake a group is needed.
 *
 * @module
 */

import { Redis } from "@upstash/redis";
import { replicaKey, REPLICAS_KEY, userField } from "shared/presence.ts";
import type { UserId } from "shared/ids.ts";
import { readMetric } from "testing/metrics.ts";
import { pick, type Random, randomFrom } from "testing/random.ts";
import type { State } from "../../dev/state.ts";
import { FULL } from "../load/size.ts";
import type { Part, PartContext, PartResult } from "../part.ts";
import { Stage } from "../stage.ts";
import type { StageOptions } from "../stage_parts.ts";

const KILLS = 4;
const EVERY_MS = 15_000;
const LIE_EVERY_MS = 120;
const LOOK_EVERY_MS = 500;
const ROLES: readonly (readonly string[])[] = [
  ["edge-0", "edge-1"],
  ["origin-0", "origin-1"],
  ["nats"],
];
/** So many groups that each is silent for longer than this, again and again. */
const SIZE = { ...FULL, groups: 100, membersPerGroup: 10 };
const SETTINGS = { ARCHIVE_AFTER_MS: "1000" };
const CAUSES = ["copy", "digest", "entered"] as const;

export const idle: Part = {
  name: "idle",
  about: "groups let go and woken, while edges, origins and NATS are killed and presence is wrong",
  minutes: 2,
  run: (context) => runIdle(context, { kills: KILLS, size: SIZE }),
};

export async function runIdle(
  context: PartContext,
  { kills, ...options }: StageOptions & { kills: number },
): Promise<PartResult> {
  await using stage = await Stage.start(context, { ...options, system: { env: SETTINGS } });
  const wakes = new Wakes(), random = randomFrom(context.seed);
  let isOver = false;
  const meanwhile = async (everyMs: number, act: () => Promise<void>) => {
    while (!isOver) {
      // An edge or a store that is down just now has nothing to say.
      await act().catch(() => {});
      await stage.pause(everyMs);
    }
  };
  const besides = [
    meanwhile(LOOK_EVERY_MS, () => wakes.look(stage.system.state)),
    meanwhile(LIE_EVERY_MS, () => forgetSomebody(stage, random)),
  ];
  await Promise.all(ROLES.map(async (ids, role) => {
    await stage.pause((role + 1) * EVERY_MS / ROLES.length);
    for (let k = 0; k < kills; k++) {
      await Promise.all([stage.kill(ids[k % ids.length]!), stage.pause(EVERY_MS)]);
      if (role === 0) context.report(`round ${k + 1} of ${kills}: ${wakes}`);
    }
  }));
  isOver = true;
  await Promise.all(besides);
  for (const cause of CAUSES) {
    if (wakes.of(cause) === 0) throw new Error(`Cannot judge: nothing was woken by ${cause}`);
  }
  return await stage.settle(wakes.figures);
}

/** The store says of somebody who is there that nobody is. */
async function forgetSomebody({ system, population }: Stage, random: Random): Promise<void> {
  const { url, token } = system.state.redis;
  const redis = new Redis({ url, token, enableTelemetry: false, retry: false });
  const user = pick(population.users, random);
  for (const replica of await redis.zrange<string[]>(REPLICAS_KEY, 0, -1)) {
    await redis.hdel(replicaKey(replica), userField(user as UserId));
  }
}

/** What woke groups so far, on all edges: an edge that is started anew counts from 0 again. */
class Wakes {
  readonly #counts = new Map<string, number>();
  readonly #last = new Map<string, number>();

  async look({ edges }: State): Promise<void> {
    await Promise.all(edges.flatMap(({ id, internal }) =>
      CAUSES.map(async (by) => {
        const value = await readMetric(internal, "fanfare_edge_wakes_total", { by });
        const key = `${id} ${by}`, last = this.#last.get(key) ?? 0;
        this.#counts.set(by, this.of(by) + (value < last ? value : value - last));
        this.#last.set(key, value);
      })
    ));
  }

  of(by: typeof CAUSES[number]): number {
    return this.#counts.get(by) ?? 0;
  }

  get figures() {
    return {
      woken_by_copy: this.of("copy"),
      woken_by_digest: this.of("digest"),
      woken_by_entering: this.of("entered"),
    };
  }

  toString(): string {
    return CAUSES.map((by) => `${this.of(by)} woken by ${by}`).join(", ");
  }
}
