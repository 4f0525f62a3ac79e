/**
 * Thousands of clients come back all at once: two edges are drained one after the other, then both
 * are killed. Whoever is elsewhere must not notice.
 *
 * @module
 */

import type { LoadSize } from "../load/size.ts";
import type { Part } from "../part.ts";
import { Stage } from "../stage.ts";
import { Herd, type HerdSize } from "../herd/herd.ts";

const HERD: HerdSize = {
  crowd: 3_000,
  pacePerS: 300,
  driven: ["edge-0", "edge-1"],
  pairs: 10,
  sendsPerS: 30,
};
/** They roam over all three edges, and are judged like those of every other part. */
const LOAD: LoadSize = {
  users: 60,
  devicesPerUser: 2,
  groups: 6,
  membersPerGroup: 20,
  sendsPerS: 20,
  changesPerS: 0.2,
  absencesPerS: 0.2,
  sleepers: 4,
};
const CALM_MS = 20_000;
const BACK_MS = 60_000;
/** Half a second is what people notice. */
const HURT_MS = 500;

export const herd: Part = {
  name: "herd",
  about:
    `${HERD.crowd} clients come back at once, after a rolling drain and a kill -9 of their edges`,
  minutes: 2,
  alone: true,
  async run(context) {
    await using stage = await Stage.start(context, {
      size: LOAD,
      system: { edges: 3 },
      limits: {
        drain_back_max_ms: 2 * BACK_MS,
        kill_back_max_ms: BACK_MS,
        drain_gave_up: 0,
        kill_gave_up: 0,
        drain_not_recovered: 0,
        kill_not_recovered: 0,
        drain_connects_timed_out: HERD.crowd / 100,
        kill_connects_timed_out: HERD.crowd / 100,
        drain_sends_refused: 0,
        kill_sends_refused: 0,
        drain_send_p99_ms: HURT_MS,
        kill_send_p99_ms: HURT_MS,
      },
    });
    await using scene = await Herd.start(stage, context, HERD);
    const calm = await scene.during(() => stage.pause(CALM_MS));
    context.report("the edges are drained, one after the other");
    const drain = await scene.during(async () => {
      for (const id of HERD.driven) {
        await stage.outage(id, async () => {
          await stage.system.terminate(id);
          await stage.untilReady(id);
        });
        await scene.allBack();
      }
    });
    await stage.pause(CALM_MS / 2);
    context.report("the edges are killed, all at once");
    const kill = await scene.during(async () => {
      await Promise.all(HERD.driven.map((id) => stage.kill(id)));
      await scene.allBack();
    });
    await stage.pause(CALM_MS / 4);
    const { figures, anomalies } = await scene.settle(calm, { drain, kill });
    const result = await stage.settle(figures);
    return { ...result, anomalies: [...result.anomalies, ...anomalies] };
  },
};
