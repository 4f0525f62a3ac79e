/**
 * Everything is killed, again and again, while everybody goes on sending.
 *
 * Invariant: between two rounds everything is ready for longer than a send may take to succeed again,
 * so that no kill hides what another has done.
 *
 * @module
 */

import { randomFrom } from "testing/random.ts";
import { latencyOf } from "../../bench/quantiles.ts";
import type { Part } from "../part.ts";
import { Stage } from "../stage.ts";

const KILLS = 20;
/** The kills of a round begin within so long, and overlap as they come. */
const ROUND_MS = 3_000;
/** From the last part being ready to the next round: every send has had its 5 s to succeed again. */
const BETWEEN_MS = 8_000;

const ROLES: readonly (readonly string[])[] = [
  ["edge-0", "edge-1"],
  ["origin-0", "origin-1"],
  ["nats"],
  ["postgres"],
  ["redis"],
];

export const kill: Part = {
  name: "kill",
  about: `${KILLS} × kill -9 of each of edge, origin, NATS, Postgres and Redis`,
  minutes: 4,
  async run(context) {
    await using stage = await Stage.start(context);
    const random = randomFrom(context.seed);
    for (let k = 0; k < KILLS; k++) {
      await Promise.all(ROLES.map(async (ids) => {
        await stage.pause(random() * ROUND_MS);
        await stage.kill(ids[k % ids.length]!);
      }));
      await stage.pause(BETWEEN_MS);
      context.report(`round ${k + 1} of ${KILLS}`);
    }
    const ready = latencyOf(stage.outages.map(({ downAt, readyAt }) => readyAt - downAt));
    return await stage.settle({ ready_again_p99_ms: ready.p99, ready_again_max_ms: ready.max });
  },
};
