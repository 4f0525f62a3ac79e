/**
 * Nothing is published at all, and devices resume for longer than from one digest to the next: what
 * is committed meanwhile comes by digests alone, and is more than an edge buffers for a device.
 *
 * @module
 */

import type { App } from "../../load/app.ts";
import type { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

const BACKLOG = 800, LONG = 4_000, AT_ONCE = 100;
const TEAM = { group: "team" };

export const slowResume: Scene = {
  about: "a catch-up of megabytes from a slow database, while only digests tell what is new",
  system: {
    origins: 2,
    originEnv: { FAST_PATHS: "none" },
    edgeEnv: { SEND_RATE_PER_S: "0", SEND_BUFFER_BYTES: `${512 * 1024}` },
  },
  links: ({ to }) => to === "postgres",
  async *play(cast) {
    const ana = await cast.enter("ana", { edge: 0 });
    const bob = await cast.enter("bob", { edge: 1 });
    await ana.change("group.create", TEAM.group, [bob.user]);
    await bob.stop();
    await sayMuch(cast, ana, BACKLOG);
    const links = ["origin-0", "origin-1"].map((id) => cast.links.of(id, "postgres"));
    for (const link of links) link.slow({ latencyMs: 100 });
    await bob.start();
    const untilMs = performance.now() + 7_000;
    while (performance.now() < untilMs) {
      // Comes in the middle of an interval, and is written to before its end.
      const passer = await cast.enter(`passer-${cast.apps.length}`, { edge: 1 });
      await Promise.all([
        cast.say(ana, { user: passer.user }),
        cast.say(ana, TEAM),
        sayMuch(cast, ana, AT_ONCE),
      ]);
    }
    for (const link of links) link.resume();
    yield;
  },
};

/** To Bob, many at the same time. */
async function sayMuch(cast: Cast, from: App, times: number): Promise<void> {
  for (let said = 0; said < times; said += AT_ONCE) {
    const count = Math.min(AT_ONCE, times - said);
    const saying = Array.from({ length: count }, () => cast.say(from, { user: "bob" }, LONG));
    await Promise.all(saying);
  }
}
