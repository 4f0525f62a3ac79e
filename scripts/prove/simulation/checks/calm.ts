/**
 * What must hold while nothing is wrong: the fast paths do all the work, and are right.
 *
 * Invariant: devices come, go, look and look away, users send, and appends may take a while; but nothing
 * is lost. Then no event has to be mended, for it was published to whoever was there, or caught up
 * by whoever came; and nobody is pushed what comes to a device that is looked at.
 *
 * @module
 */

import { timeOfGsid } from "shared/gsid.ts";
import type { NewJob } from "../model/postgres/audit.ts";
import type { Maker } from "../model/postgres/statement.ts";
import { MENDED } from "./mends.ts";
import { GROUPS, USERS, type World } from "../world.ts";
import type { Device } from "../clients/device.ts";

/** Until presence is written and believed everywhere: two heartbeats, and what was late before. */
const SETTLED_MS = 18_000;
const ROUNDS = 14;
const SLUGGISH_APPENDS = 0.3;
/** After it the late check has passed the last message. */
const CHECKED_MS = 18_000;
/** Presence is written and heard of by then. */
const SEEN_MS = 3_000;

export function stayCalm(world: World): void {
  const { timeline, chronicle, judge } = world;
  timeline.advance(SETTLED_MS);
  if (timeline.stopped) return;
  const mended = () => chronicle.counts.get(MENDED) ?? 0;
  const before = mended();
  chronicle.note("calm");
  world.onJob = (job, by) => checkJob(job, by, world);
  for (let round = 0; round < ROUNDS && !timeline.stopped; round++) {
    playRound(world);
    if (mended() > before) return judge.fail("an event had to be mended, though nothing was wrong");
  }
  timeline.advance(CHECKED_MS);
  if (mended() > before) judge.fail("an event had to be mended, though nothing was wrong");
}

/** Somebody comes or goes, and somebody sends, at about the same time. */
function playRound({ timeline, random, devices, models }: World): void {
  const mover = random.pick(devices);
  if (random.chance(SLUGGISH_APPENDS)) models.postgres.order("append", "sluggish");
  if (mover.session && random.chance(0.3)) mover.show(!mover.foreground);
  else if (mover.session) mover.disconnect();
  else mover.connect();
  timeline.advance(random.int(120));
  const senders = devices.filter((device) => device.session && device !== mover);
  if (senders.length > 0) send(random.pick(senders), random.chance(0.5), random.pick(USERS));
  timeline.advance(300 + random.int(900));
}

function send({ outbox }: Device, toGroup: boolean, user: typeof USERS[number]): void {
  outbox.send(toGroup ? { group: GROUPS[0]! } : { user });
}

function checkJob({ gsid, user }: NewJob, by: Maker, { devices, judge }: World): void {
  const committedMs = timeOfGsid(gsid);
  const looks = devices.find(({ traits, lookingSinceMs }) =>
    traits.user === user && lookingSinceMs !== undefined && lookingSinceMs < committedMs - SEEN_MS
  );
  if (!looks) return;
  judge.fail(`${user} is pushed ${gsid} by the ${by}, though ${looks.traits.name} is looked at`);
}
