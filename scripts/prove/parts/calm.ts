/**
 * Nothing breaks: what must hold only then is looked at here, and the other parts' figures have
 * something to be compared with.
 *
 * @module
 */

import type { Part } from "../part.ts";
import { Stage } from "../stage.ts";

const LOAD_MS = 40_000;

export const calm: Part = {
  name: "calm",
  about: "no fault: all comes in 5 s; who is offline is pushed in 20 s, and nobody who received",
  minutes: 1,
  async run(context) {
    await using stage = await Stage.start(context, {
      liveWithinMs: 5_000,
      noNeedlessPush: true,
      pushWithinMs: 20_000,
    });
    await stage.pause(LOAD_MS);
    return await stage.settle();
  },
};
