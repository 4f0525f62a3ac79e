/**
 * What a system leans on fails: clients, push services, the store of presence, the database. Nobody
 * but those who need it notices.
 *
 * @module
 */

import { HttpProxy } from "../../faults/http_proxy.ts";
import { Links } from "../../faults/links.ts";
import { Notes, notTaken } from "../notes.ts";
import type { Part, PartContext, PartResult } from "../part.ts";
import { Stage } from "../stage.ts";
import type { StageOptions } from "../stage_parts.ts";
import { HALF_OPEN_LIMITS, leaveHalfOpen } from "./outside/half_open.ts";
import { breakPostgres, POSTGRES_LIMITS } from "./outside/postgres.ts";
import { breakPush, countPushes, PUSH_LIMITS } from "./outside/push.ts";
import { breakRedis } from "./outside/redis.ts";
import type { Outside } from "./outside/scene.ts";
import { floodSlowClients, SLOW_CLIENTS, SLOW_LIMITS } from "./outside/slow_clients.ts";

/** What nobody may notice who does not need what is broken. */
const UNNOTICED = ["beside_slow", "push_broken", "redis_broken"];
/**
 * A lookup of presence may take a quarter of a second, and without any fault two busy cores deliver
 * within half a second (p99). What the fast path loses, the digest hands out, as in `calm`.
 */
const NOTICED_MS = 1_000, LATE_MS = 5_000;
const LIMITS = {
  ...HALF_OPEN_LIMITS,
  ...SLOW_LIMITS,
  ...PUSH_LIMITS,
  ...POSTGRES_LIMITS,
  ...Object.fromEntries(UNNOTICED.flatMap((name) => [
    [`${name}_send_p99_ms`, NOTICED_MS],
    [`${name}_live_p99_ms`, NOTICED_MS],
    [`${name}_live_max_ms`, LATE_MS],
  ])),
};
/** Without this nothing was shown of sends while Postgres was away. */
const TAKEN = ["refused_without_postgres"];
/** How well everybody is off while nothing is broken, to compare with. */
const WELL_MS = 10_000;

export const outside: Part = {
  name: "outside",
  about:
    `${SLOW_CLIENTS} slow clients, half-open ones; push services, Redis, Postgres slow, wrong ` +
    "and down",
  minutes: 4,
  run: (context) => runOutside(context),
};

export async function runOutside(
  context: PartContext,
  options: StageOptions = {},
): Promise<PartResult> {
  await using store = new HttpProxy();
  await using links = new Links(({ from }) => from !== "clients");
  await using stage = await Stage.start(context, {
    ...options,
    limits: LIMITS,
    system: {
      through: (link, address) =>
        links.through(link, link.to === "redis" ? store.before(address) : address),
    },
  });
  const notes = new Notes();
  const pushedTo = stage.population.sleepers.map(({ user }) => user);
  const scene: Outside = { stage, links, store, notes, pushedTo };
  const well = { from: stage.now(), to: stage.now() + WELL_MS };
  await stage.pause(WELL_MS);
  notes.span("well", well);
  await Promise.all([leaveHalfOpen(scene), floodSlowClients(scene)]);
  context.report("clients have been broken");
  // Not beside the flood, which takes the machine's time from everybody.
  await breakPush(scene);
  context.report("push services have been broken");
  await breakRedis(scene);
  context.report("Redis has been broken");
  await breakPostgres(scene);
  context.report("Postgres has been broken");
  const { figures, anomalies, ...result } = await stage.settle(async () => ({
    ...notes.figures,
    ...notes.spansIn(stage.recorder.history),
    ...await countPushes(scene),
  }));
  return { ...result, figures, anomalies: [...anomalies, ...notTaken(figures, TAKEN)] };
}
