/**
 * Groups fall idle, so that no edge listens to them, and are woken: by a message that is published,
 * and by one that is not.
 *
 * @module
 */

import type { Scene } from "./scene.ts";

const QUIET = { group: "quiet" };
const ROUNDS = 3;

export const idle: Scene = {
  about: "messages to groups that were silent for long, some of them lost",
  system: {
    origins: 2,
    programEnv: { "origin-1": { FAST_PATHS: "none" } },
    env: { ARCHIVE_AFTER_MS: "1500" },
    edgeEnv: { SEND_RATE_PER_S: "0" },
  },
  async *play(cast) {
    const ana = await cast.enter("ana", { edge: 0 });
    const others = [];
    for (const user of ["bob", "cleo", "dora"]) {
      others.push(await cast.enter(user, { edge: others.length % 2 }));
    }
    const users = others.map(({ user }) => user);
    await ana.change("group.create", QUIET.group, users);
    for (let round = 0; round < ROUNDS; round++) {
      // Time passes by what else is committed.
      await cast.chat(ana, [{ user: "bob" }], 3_500);
      await cast.sayAll(ana, [QUIET, { user: "cleo" }, { user: "dora" }], 2);
      await cast.chat(ana, users.map((user) => ({ user })), 300);
      yield;
    }
  },
};
