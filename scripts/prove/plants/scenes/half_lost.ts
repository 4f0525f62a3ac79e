/**
 * Half of what is committed is never published, so it comes late and out of order: by the digest,
 * while members of a group go and come back and devices resume.
 *
 * @module
 */

import type { App } from "../../load/app.ts";
import type { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

const ROUNDS = 8, ROUND_MS = 600;
const TEAM = { group: "team" };

export const halfLost: Scene = {
  about: "one of two origins publishes nothing",
  system: {
    origins: 2,
    programEnv: { "origin-1": { FAST_PATHS: "none" } },
    edgeEnv: { SEND_RATE_PER_S: "0" },
  },
  async *play(cast) {
    const ana = await cast.enter("ana", { edge: 0 });
    const bob = await cast.enter("bob", { edge: 1 });
    const tablet = await cast.enter("bob", { edge: 1, device: "tablet" });
    const cat = await cast.enter("cat", { edge: 1 });
    await ana.change("group.create", TEAM.group, ["bob", "cat"]);
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([
        cast.chat(ana, [{ user: "bob" }, TEAM], ROUND_MS),
        cast.chat(bob, [{ user: "ana" }, TEAM], ROUND_MS),
        cast.chat(bob, [{ user: "cat" }, TEAM], ROUND_MS),
        leaveOrReturn(cast, ana, cat, round),
        resume(cast, tablet),
      ]);
      yield;
    }
  },
};

async function leaveOrReturn(cast: Cast, owner: App, member: App, round: number): Promise<void> {
  await cast.after(ROUND_MS / 2);
  const method = round % 2 === 0 ? "group.remove" : "group.add";
  await owner.change(method, TEAM.group, [member.user]);
}

async function resume(cast: Cast, app: App): Promise<void> {
  await app.stop();
  await cast.after(ROUND_MS / 3);
  await app.start();
  await cast.untilLive(app);
}
