/**
 * Who is not there is pushed, whatever presence and positions say; who has left a group is not.
 *
 * The late check looks at an event when it is 15 seconds old. Here the database says that time has
 * gone faster, so that it looks after seven.
 *
 * @module
 */

import type { Cast } from "./cast.ts";
import type { Scene } from "./scene.ts";

const FASTER_MS = 8_000;
const TEAM = { group: "team" };

export const asleep: Scene = {
  about: "phones fall asleep, messages are lost, members leave: pushes are made right",
  system: {
    origins: 2,
    programEnv: { "origin-1": { FAST_PATHS: "none" } },
    edgeEnv: { SEND_RATE_PER_S: "0" },
  },
  links: ({ from }) => from === "clients",
  expect: { pushWithinMs: 14_000, noNeedlessPush: true },
  async *play(cast) {
    await hurryLateCheck(cast);
    const ana = await cast.enter("ana", { edge: 0 });
    const reader = await cast.enterWithToken("reader", { edge: 0 });
    const leaver = await cast.enterWithToken("leaver", { edge: 0 });
    const acker = await cast.enterWithToken("acker", { edge: 0 });
    const victim = await cast.enterWithToken("victim", { edge: 1 });
    const tardy = await cast.enterWithToken("tardy", { edge: 1 });
    await ana.change("group.create", TEAM.group, [leaver.user]);
    await leaver.stop();

    // Some by each origin.
    await cast.sayAll(ana, [{ user: reader.user }, TEAM], 8);
    await cast.untilShown(reader, 8);
    reader.ack();
    await ana.change("group.remove", TEAM.group, [leaver.user]);
    await cast.sayAll(ana, [TEAM], 8);
    yield;

    const [toVictim, toTardy] = cast.links.of("clients", "edge-1").connections;
    // Presence says that the victim is there, and so does its edge.
    toVictim!.swallow();
    await cast.untilDigest();
    await cast.sayAll(ana, [acker, victim, tardy], 10);
    // What was lost lies below what the acker confirms, and it is gone before a digest.
    await cast.untilShown(tardy, 1);
    acker.ack();
    toTardy!.hold("toClient");
    await cast.after(1_200);
    await acker.stop();

    // What was lost is on its way to the tardy one, behind what it confirms, and never comes.
    await cast.untilDigest();
    await cast.after(600);
    tardy.ack();
    await cast.after(1_200);
    toTardy!.cut();
    await tardy.stop();

    // Nobody notices that the victim is gone until the late check has looked.
    await cast.after(5_000);
    toVictim!.cut();
    await victim.stop();
    yield;
  },
};

async function hurryLateCheck(cast: Cast): Promise<void> {
  const sql = cast.sql();
  const [row] = await sql`select pg_get_functiondef('gsid_ago'::regproc) as source`;
  await sql.unsafe(row!.source.replace("- age_ms)", `- (age_ms - ${FASTER_MS}))`));
}
