/**
 * Postgres is out of reach, stopped at once, killed, and locked: clients stay connected, and all goes
 * on as soon as it is back, without anybody's help.
 *
 * @module
 */

import postgres from "postgres";
import { gauge } from "../../gauge.ts";
import { lossesWithin, refusalsWithin } from "../../history/latency.ts";
import { residentMib } from "../../memory.ts";
import type { Outside } from "./scene.ts";

const ORIGINS = ["origin-0", "origin-1"];
const AWAY_MS = 10_000, LOCKED_MS = 10_000, BETWEEN_MS = 3_000;
const LOOK_MS = 250;
const QUEUED = 'fanfare_origin_bounded_size{what="commands_queued",kind="queue",unit="items"}';

export const POSTGRES_LIMITS = {
  connections_lost_by_postgres: 0,
  /**
   * An origin's half of what is sent while the table is locked is 250, and some more where that takes
   * longer; and half of the other's, since an edge asks again that has no answer after a second: 375.
   * If what an origin is asked again took a second place there, it would be 500.
   */
  locked_queue_max: 475,
  locked_memory_grown_max_mib: 50,
};

export async function breakPostgres(scene: Outside): Promise<void> {
  const { stage, links, notes } = scene;
  const from = stage.now();
  const all = ORIGINS.map((id) => links.of(id, "postgres"));
  await stage.outage("postgres", async () => {
    await Promise.all(all.map((link) => link.refuse()));
    for (const link of all) link.cut();
    await stage.pause(AWAY_MS);
    for (const link of all) link.resume();
    await Promise.all(ORIGINS.map((id) => stage.untilReady(id)));
  });
  await stage.pause(BETWEEN_MS);
  // What `pg_ctl stop -m immediate` sends.
  for (const signal of ["SIGQUIT", "SIGKILL"] as const) {
    await stage.outage("postgres", async () => {
      const ended = stage.system.ended("postgres");
      stage.system.signal("postgres", signal);
      await ended;
      await stage.untilReady("postgres");
    });
    await stage.pause(BETWEEN_MS);
  }
  await stage.outage("postgres", () => lockEvents(scene));
  await stage.pause(BETWEEN_MS);
  const { history } = stage.recorder;
  const span = { from, to: stage.now() };
  notes.count("connections_lost_by_postgres", lossesWithin(history, span));
  notes.count("refused_without_postgres", refusalsWithin(history, span));
}

async function lockEvents(scene: Outside): Promise<void> {
  const { stage, notes } = scene;
  const sql = postgres(stage.system.state.postgres.url, { max: 1, onnotice: () => {} });
  const before = await originsMib(scene);
  try {
    await sql.begin(async (sql) => {
      await sql`lock table events in access exclusive mode`;
      for (const until = stage.now() + LOCKED_MS; stage.now() < until;) {
        await stage.pause(LOOK_MS);
        await lookAtQueues(scene);
        const now = await originsMib(scene);
        now.forEach((mib, k) => notes.max("locked_memory_grown_max_mib", mib - before[k]!));
      }
    });
  } finally {
    await sql.end();
  }
}

async function lookAtQueues({ stage: { system }, notes }: Outside): Promise<void> {
  await Promise.all(ORIGINS.map(async (id) => {
    notes.max("locked_queue_max", await gauge(system.state, id, QUEUED));
  }));
}

async function originsMib({ stage: { system } }: Outside): Promise<number[]> {
  const pids = system.state.origins.map(({ pid }) => pid);
  const found = await residentMib(pids);
  return pids.map((pid) => found.get(pid) ?? 0);
}
