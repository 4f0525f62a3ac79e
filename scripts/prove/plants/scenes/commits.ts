/**
 * Two origins write to one conversation at the same time, often the very same, and the database ends
 * their connections in the middle of it, or commits and is not heard.
 *
 * @module
 */

import type postgres from "postgres";
import type { App } from "../../load/app.ts";
import type { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

const ROUNDS = 8, ROUND_MS = 500, CUTS = 4;
const TEAM = { group: "team" };

export const commits: Scene = {
  about: "commits of two origins overlap, and many of them lose their connection",
  system: { origins: 2, edgeEnv: { SEND_RATE_PER_S: "0" } },
  links: ({ to }) => to === "postgres",
  async *play(cast) {
    const sql = cast.sql();
    await slowMachine(sql);
    const apps = [];
    for (const user of ["ana", "bob", "cleo", "dora"]) {
      apps.push(await cast.enter(user, { edge: apps.length % 2 }));
    }
    const tablet = await cast.enter("ana", { edge: 1, device: "tablet" });
    await apps[0]!.change("group.create", TEAM.group, ["bob", "cleo", "dora"]);
    for (let round = 0; round < ROUNDS; round++) {
      const chats: Promise<void>[] = apps.flatMap((app) =>
        [1, 2].map(() => cast.chat(app, [TEAM], ROUND_MS))
      );
      chats.push(sayByBoth(cast, apps[0]!, tablet));
      for (let k = 0; k < CUTS; k++) {
        cast.links.postgresOf(`origin-${k % 2}`).loseAnswers();
        await cast.after(ROUND_MS / CUTS);
        await sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where query like '%append_messages%' and pid <> pg_backend_pid()`;
      }
      await Promise.all(chats);
      yield;
    }
  },
};

async function sayByBoth(cast: Cast, one: App, other: App): Promise<void> {
  const untilMs = performance.now() + ROUND_MS;
  while (performance.now() < untilMs) await cast.sayByBoth(one, other, TEAM);
}

/**
 * Whoever wants the log's lock, or holds it, is held up for some time, mostly a short one: before
 * the lock much longer than a busy machine would, so that those who want it pass one another.
 */
async function slowMachine(sql: postgres.Sql): Promise<void> {
  const [row] = await sql`select pg_get_functiondef('lock_log'::regproc) as source`;
  await sql.unsafe(row!.source.replace("begin", "begin perform pg_sleep(0.04 * random() ^ 3);"));
  await sql.unsafe(`
    create function delay() returns trigger language plpgsql as $$
    begin
      perform pg_sleep(0.006 * random() ^ 3);
      return null;
    end $$;
    create trigger delay after update on log for each statement execute function delay();
  `);
}
