/**
 * Half of what is committed is never published, so it comes late and out of order: by the digest,
 * while members of a group go and come back and devices resume.
 *
 * @module
 */

import type { App } from "../../load/app.ts";
import type { Cast } from "./cast.ts";
import { loudAndMute, ONE_MUTE, type Origin } from "./origins.ts";
import type { Scene } from "./scene.ts";

const ROUNDS = 3, CHAT_MS = 2_400;
const TEAM = { group: "team" };

export const halfLost: Scene = {
  about: "one of two origins publishes nothing",
  system: ONE_MUTE,
  async *play(cast) {
    const { loud, mute } = loudAndMute(cast);
    const ana = await cast.enter("ana", { edge: 0 });
    const bob = await cast.enter("bob", { edge: 1 });
    const tablet = await cast.enter("bob", { edge: 1, device: "tablet" });
    const cat = await cast.enter("cat", { edge: 1 });
    const dora = await cast.enter("dora", { edge: 1 });
    await ana.change("group.create", TEAM.group, ["bob", "cat"]);
    for (let round = 0; round < ROUNDS; round++) {
      await lateAndOutOfOrder(loud, mute);
      // What the next digest shows to be missing is read while other things go on.
      await Promise.all([
        cast.chat(ana, [bob, cat, dora], CHAT_MS),
        cast.chat(bob, [ana, TEAM], CHAT_MS),
        resume(cast, tablet),
      ]);
      yield;
      await ana.change("group.add", TEAM.group, [cat.user]);
      await ana.change("group.remove", TEAM.group, [dora.user]);
    }
  },
};

async function lateAndOutOfOrder(loud: Origin, mute: Origin): Promise<void> {
  await mute.say("ana", { user: "bob" });
  await loud.say("ana", { user: "bob" });
  // Heard by a member after it was heard that he has left.
  await mute.say("ana", TEAM);
  await loud.change("ana", "group.remove", TEAM.group, ["cat"]);
  // Heard by the others before it is known that she has joined.
  await mute.change("ana", "group.add", TEAM.group, ["dora"]);
  await loud.say("ana", TEAM);
}

async function resume(cast: Cast, app: App): Promise<void> {
  await app.stop();
  await cast.after(CHAT_MS / 4);
  await app.start();
  await cast.untilLive(app);
}
