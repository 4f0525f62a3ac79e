/**
 * Who is not there is pushed, whatever presence and positions say; who has left a group is not.
 *
 * The late check looks at an event when it is 15 seconds old. Here the database says that time has
 * gone faster, so that it looks after seven.
 *
 * @module
 */

import type { Cast } from "./cast.ts";
import { loudAndMute, ONE_MUTE } from "./origins.ts";
import type { Scene } from "./scene.ts";

const FASTER_MS = 8_000;
/** An edge reports positions every second. */
const REPORTED_MS = 1_200;
/** Longer than until the late check has looked for the first time. */
const NO_ROOM_MS = 8_500;
const TEAM = { group: "team" };

export const asleep: Scene = {
  about: "phones fall asleep, messages are lost, members leave: pushes are made right",
  system: ONE_MUTE,
  links: ({ from }) => from === "clients",
  expect: { pushWithinMs: 14_000, noNeedlessPush: true },
  async *play(cast) {
    const { loud, mute } = loudAndMute(cast);
    await hurryLateCheck(cast);
    const ana = await cast.enter("ana", { edge: 0 });
    const reader = await cast.enterWithToken("reader", { edge: 0 });
    const leaver = await cast.enterWithToken("leaver", { edge: 0 });
    const acker = await cast.enterWithToken("acker", { edge: 0 });
    const victim = await cast.enterWithToken("victim", { edge: 1 });
    const tardy = await cast.enterWithToken("tardy", { edge: 1 });
    await ana.change("group.create", TEAM.group, [leaver.user]);
    const unlucky = await cast.enterWithToken("unlucky", { edge: 0 });
    await Promise.all([leaver.stop(), unlucky.stop()]);

    const roomAgain = noRoomForJobsOf(cast, unlucky.user);
    await mute.say("ana", unlucky);
    await loud.say("ana", reader);
    await cast.untilShown(reader, 1);
    reader.ack();
    await loud.say("ana", TEAM);
    await ana.change("group.remove", TEAM.group, [leaver.user]);
    await loud.say("ana", TEAM);
    yield;

    const [toVictim, toTardy] = cast.links.of("clients", "edge-1").connections;
    // Presence says that the victim is there, and so does its edge.
    toVictim!.swallow();
    await cast.untilDigest();
    await loud.say("ana", victim);
    for (const { user } of [acker, tardy]) {
      await mute.say("ana", { user });
      await loud.say("ana", { user });
    }
    // What was lost lies below what the acker confirms, and it is gone before a digest.
    await Promise.all([acker, tardy].map((app) => cast.untilShown(app, 1)));
    acker.ack();
    toTardy!.hold("toClient");
    await cast.after(REPORTED_MS);
    await acker.stop();

    // What was lost is on its way to the tardy one, behind what it confirms, and never comes.
    await cast.untilDigest();
    await cast.after(600);
    tardy.ack();
    await cast.after(REPORTED_MS);
    toTardy!.cut();
    await tardy.stop();

    // Nobody notices that the victim is gone until the late check has looked.
    await cast.after(5_000);
    await roomAgain;
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

/** Whoever stores a job for that user fails, as with a full disk, until it resolves. */
async function noRoomForJobsOf(cast: Cast, user: string): Promise<void> {
  const sql = cast.sql();
  await sql.unsafe(`
    create function no_room() returns trigger language plpgsql as $$
    begin raise exception 'no room' using errcode = 'disk_full'; end $$;
    create trigger no_room before insert on push_jobs
      for each row when (new.user_id = '${user}') execute function no_room();
  `);
  await cast.after(NO_ROOM_MS);
  await sql.unsafe("drop trigger no_room on push_jobs");
}
