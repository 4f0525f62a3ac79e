/**
 * Everything is killed, again and again, while everybody goes on sending.
 *
 * @module
 */

import { latencyOf } from "../../bench/quantiles.ts";
import type { Part } from "../part.ts";
import { Stage } from "../stage.ts";

const KILLS = 20;
/** Kills of one role begin so far apart; those of different roles overlap as they come. */
const EVERY_MS = 12_000;

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
  async run(context) {
    await using stage = await Stage.start(context);
    const killing = ROLES.map(async (ids, role) => {
      await stage.pause((role + 1) * EVERY_MS / ROLES.length);
      for (let k = 0; k < KILLS; k++) {
        const [{ downAt }] = await Promise.all([
          stage.kill(ids[k % ids.length]!),
          stage.pause(EVERY_MS),
        ]);
        if (role === 0) {
          context.report(`round ${k + 1} of ${KILLS}, ${Math.round(downAt / 1000)} s`);
        }
      }
    });
    await Promise.all(killing);
    const ready = latencyOf(stage.outages.map(({ downAt, readyAt }) => readyAt - downAt));
    return await stage.settle({ ready_again_p99_ms: ready.p99, ready_again_max_ms: ready.max });
  },
};
