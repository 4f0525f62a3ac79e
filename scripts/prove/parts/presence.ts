/**
 * Edges die, and one stands still, together with some of their users: how long those are taken to
 * be online.
 *
 * @module
 */

import { latencyOf } from "../../bench/quantiles.ts";
import type { App } from "../load/app.ts";
import { BESIDE_WHAT_HANGS_MS } from "../load/size.ts";
import type { Part } from "../part.ts";
import { PresenceProbe } from "../presence_probe.ts";
import { Stage } from "../stage.ts";

const KILLS = 6, EVERY_MS = 7_000, FROZEN_MS = 65_000;
/** Promised: some seconds of silence, and the lease. Two looks at a lease are so far apart. */
const SILENT_MS = 10_000, LEASE_MS = 60_000, LOOK_MS = 1_000;
const WITHIN_MS = 90_000, WAKING_MS = 5_000;

export const presence: Part = {
  name: "presence",
  about:
    `an edge killed ${KILLS} times and one frozen for a minute: their users are offline in time`,
  minutes: 2,
  async run(context) {
    await using stage = await Stage.start(context, {
      limits: {
        offline_by_origins_max_ms: SILENT_MS,
        offline_by_lease_max_ms: LEASE_MS + LOOK_MS,
        send_again_p99_ms: BESIDE_WHAT_HANGS_MS,
      },
    });
    const times = new Times(stage);
    const [killed, frozen] = stage.system.state.edges.map(({ id }) => id);
    await Promise.all([
      freeze(stage, times, frozen!),
      killAgainAndAgain(stage, times, killed!),
    ]);
    return await stage.settle(times.figures);
  },
};

async function killAgainAndAgain(stage: Stage, times: Times, id: string): Promise<void> {
  const leases: Promise<void>[] = [];
  for (let k = 0; k < KILLS; k++) {
    const ghost = await times.comeTo(id, `ghost-${k}`);
    const [leaving] = await Promise.all([
      times.leave(ghost, stage.kill(id)),
      stage.pause(EVERY_MS),
    ]);
    leases.push(leaving.lease);
  }
  await Promise.all(leases);
}

async function freeze(stage: Stage, times: Times, id: string): Promise<void> {
  const ghost = await times.comeTo(id, "ghost-of-frozen");
  await stage.outage(id, async () => {
    stage.system.signal(id, "SIGSTOP");
    try {
      const leaving = await times.leave(ghost, Promise.resolve());
      await stage.pause(FROZEN_MS);
      await leaving.lease;
    } finally {
      stage.system.signal(id, "SIGCONT");
    }
    // It wakes with its users still in its memory.
    times.afterWaking.push(await times.probe.lastSeenOnline(ghost.user, WAKING_MS));
    await stage.untilReady(id);
  });
}

/** Users that are connected to one edge alone, and go away with it. */
class Times {
  readonly probe: PresenceProbe;
  readonly afterWaking: number[] = [];
  readonly #stage: Stage;
  readonly #online: number[] = [];
  readonly #byOrigins: number[] = [];
  readonly #byLease: number[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
    this.probe = new PresenceProbe(stage.system);
  }

  async comeTo(edge: string, user: string) {
    const { ws } = this.#stage.system.state.edges.find(({ id }) => id === edge)!;
    const ghost = this.#stage.population.guest(user, "phone", { edges: [ws] });
    ghost.start();
    await this.#stage.population.untilConnected([ghost]);
    this.#online.push(await this.probe.untilOrigins("online", user, WITHIN_MS));
    return ghost;
  }

  /** Resolves when every origin says that it is offline; its lease may take longer. */
  async leave(ghost: App, broken: Promise<unknown>) {
    ghost.stop();
    const lease = this.probe.untilLeaseIsOver(ghost.user, WITHIN_MS)
      .then((ms) => void this.#byLease.push(ms));
    const byOrigins = this.probe.untilOrigins("offline", ghost.user, WITHIN_MS);
    const [ms] = await Promise.all([byOrigins, broken]);
    this.#byOrigins.push(ms);
    return { lease };
  }

  get figures() {
    const online = latencyOf(this.#online), byOrigins = latencyOf(this.#byOrigins);
    return {
      online_max_ms: online.max,
      offline_by_origins_p50_ms: byOrigins.p50,
      offline_by_origins_max_ms: byOrigins.max,
      offline_by_lease_max_ms: latencyOf(this.#byLease).max,
      online_after_waking_max_ms: latencyOf(this.afterWaking).max,
    };
  }
}
