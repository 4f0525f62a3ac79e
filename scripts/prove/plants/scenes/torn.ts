/**
 * Half of what is committed is never published; an edge loses the bus, with digests on it, and the
 * origins lose the database in the moment in which edges read what they lack.
 *
 * @module
 */

import type { Cast } from "./cast.ts";
import { ONE_MUTE } from "./origins.ts";
import type { Scene } from "./scene.ts";

const ORIGINS = ["origin-0", "origin-1"];
const ROUNDS = 2;
const TEAM = { group: "team" };

export const torn: Scene = {
  about: "digests are not heard, and what they show to be missing cannot be read",
  system: ONE_MUTE,
  links: ({ from, to }) => to === "postgres" || (from === "edge-1" && to === "nats"),
  async *play(cast) {
    const ana = await cast.enter("ana", { edge: 0 });
    const bob = await cast.enter("bob", { edge: 1 });
    await ana.change("group.create", TEAM.group, [bob.user]);
    const targets = [{ user: bob.user }, TEAM];
    for (let round = 0; round < ROUNDS; round++) {
      await cast.chat(ana, targets, 400);
      await cast.untilDigest();
      await withoutDatabase(cast, 700);
      await cast.chat(ana, targets, 400);
      yield;
      await withoutBus(cast, async () => {
        await cast.chat(ana, targets, 400);
        await cast.untilDigest();
      });
      await cast.chat(ana, targets, 2_000);
      yield;
    }
  },
};

async function withoutDatabase(cast: Cast, ms: number): Promise<void> {
  const links = ORIGINS.map((origin) => cast.links.of(origin, "postgres"));
  await Promise.all(links.map((link) => link.refuse()));
  for (const link of links) link.cut();
  await cast.after(ms);
  for (const link of links) link.resume();
}

async function withoutBus(cast: Cast, meanwhile: () => Promise<void>): Promise<void> {
  const link = cast.links.of("edge-1", "nats");
  await link.refuse();
  link.cut();
  await meanwhile();
  link.resume();
}
