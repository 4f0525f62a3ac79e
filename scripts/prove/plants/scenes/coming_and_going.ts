/**
 * Nothing is lost, and everybody comes and goes: devices resume while their groups are written to,
 * users join and leave groups that others of their edge are in.
 *
 * @module
 */

import type { App } from "../../load/app.ts";
import type { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

const ROUNDS = 6, ROUND_MS = 600;
const TEAM = { group: "team" };

export const comingAndGoing: Scene = {
  about: "devices resume, and users join and leave, in the middle of a conversation",
  system: { origins: 2, edgeEnv: { SEND_RATE_PER_S: "0", CONNECT_RATE_PER_S: "0" } },
  links: ({ to }) => to === "postgres",
  async *play(cast) {
    const ana = await cast.enter("ana", { edge: 0 });
    const bob = await cast.enter("bob", { edge: 1 });
    const cleo = await cast.enter("cleo", { edge: 0 });
    const movers = [];
    for (let k = 0; k < 4; k++) movers.push(await cast.enter(`mover-${k}`, { edge: k % 2 }));
    const away = await cast.enter("away", { edge: 1 });
    const members = [bob, away, ...movers].map(({ user }) => user);
    await ana.change("group.create", TEAM.group, members);
    for (const origin of ["origin-0", "origin-1"]) {
      cast.links.of(origin, "postgres").slow({ jitterMs: 4 });
    }
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([
        ...[ana, bob].flatMap((app) => [1, 2].map(() => cast.chat(app, [TEAM], ROUND_MS))),
        ...movers.map((app) => comeAndGo(cast, app)),
        joinAndLeave(cast, ana, cleo),
        leaveWhileAway(cast, ana, away),
      ]);
      if (round === 0) yield* resumeElsewhere(cast, bob);
      await Promise.all([1, 2, 3].map((k) => connectTwice(cast, ana, `twin-${round}-${k}`)));
      yield;
    }
  },
};

async function comeAndGo(cast: Cast, app: App): Promise<void> {
  const untilMs = performance.now() + ROUND_MS;
  while (performance.now() < untilMs) {
    await app.stop();
    await cast.after(cast.random() * 20);
    await app.start();
    await cast.untilLive(app);
  }
}

async function joinAndLeave(cast: Cast, owner: App, member: App): Promise<void> {
  const untilMs = performance.now() + ROUND_MS;
  while (performance.now() < untilMs) {
    await owner.change("group.add", TEAM.group, [member.user]);
    await cast.say(owner, TEAM);
    await owner.change("group.remove", TEAM.group, [member.user]);
    await cast.say(owner, TEAM);
  }
}

/** Comes back to a group that it was removed from, and to which more was said. */
async function leaveWhileAway(cast: Cast, owner: App, app: App): Promise<void> {
  await app.stop();
  await cast.say(owner, TEAM);
  await owner.change("group.remove", TEAM.group, [app.user]);
  await cast.after(ROUND_MS / 4);
  await app.start();
  await cast.untilLive(app);
  // Is refused: it is not in the group.
  await cast.say(app, TEAM);
  await owner.change("group.add", TEAM.group, [app.user]);
}

/** Devices that were used with another database, or with this one before it lost commits. */
async function* resumeElsewhere(cast: Cast, { history }: App): AsyncGenerator<void> {
  const connected = history.entries.find((entry) => entry.kind === "connected");
  const { offset, epoch } = connected!.position;
  for (const since of [{ offset, epoch: "another" }, { offset: offset + 2 ** 50, epoch }]) {
    await cast.enter("bob", { device: since.epoch, since });
  }
  yield;
}

/** One device, by both edges at the same moment: one of its connections stays. */
async function connectTwice(cast: Cast, friend: App, user: string): Promise<void> {
  const one = await cast.enter(user, { edge: 0 });
  await one.stop();
  const other = cast.app(user, { edge: 1 });
  await Promise.all([one.start(), other.start()]);
  await cast.after(ROUND_MS / 2);
  await cast.say(friend, { user });
}
