/**
 * Groups fall idle, so that no edge listens to them, and are woken: by a message that is published,
 * and by one that is not.
 *
 * @module
 */

import { loudAndMute, ONE_MUTE } from "./origins.ts";
import type { Scene } from "./scene.ts";

const QUIET = { group: "quiet" };
const ARCHIVE_AFTER_MS = 1_500;
/** An edge looks for idle groups every second. */
const FORGET_MS = 1_200;

export const idle: Scene = {
  about: "messages to groups that were silent for long, some of them lost",
  system: { ...ONE_MUTE, env: { ARCHIVE_AFTER_MS: `${ARCHIVE_AFTER_MS}` } },
  async *play(cast) {
    const { loud, mute } = loudAndMute(cast);
    const ana = await cast.enter("ana", { edge: 0 });
    const others = [];
    for (const user of ["bob", "cleo", "dora"]) {
      others.push(await cast.enter(user, { edge: others.length % 2 }));
    }
    await ana.change("group.create", QUIET.group, others.map(({ user }) => user));
    for (const waker of [loud, mute]) {
      // Time passes by what else is committed, until two digests have said so.
      await cast.chat(ana, [others[0]!], ARCHIVE_AFTER_MS + 1_000);
      await cast.untilDigest();
      await cast.after(FORGET_MS);
      await waker.say("ana", QUIET);
      // Right behind what nobody published it would wake them instead of the digest.
      if (waker === loud) await loud.say("ana", QUIET);
      // The cursors pass it.
      await cast.chat(ana, others, 3_000);
      yield;
    }
  },
};
