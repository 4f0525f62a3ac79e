/**
 * Many writers on two origins, and a reader who must never see the past change.
 *
 * Between the moment in which a gsid is drawn and its commit there are delays of random length, so
 * that an order that holds only by luck does not hold here.
 *
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import type { Gsid } from "shared/gsid.ts";
import type { GroupId, MessageId, UserId } from "shared/ids.ts";
import type { TestStore } from "testing/stores.ts";
import type { Sql } from "../../store/sql.ts";
import { message } from "../command.ts";
import type { Committer } from "../committer.ts";

export interface Violations {
  /** Events that appeared below a maximum already seen. */
  late: number;
  /** Events whose `prev` is not the event before them in their conversation. */
  broken: number;
  /** Messages in the group from somebody who was not in it. */
  strangers: number;
  /** Commands that the database refused. */
  failed: number;
}

export interface RaceOptions {
  rows: number;
  /** Ends as soon as something has gone wrong. */
  untilViolated?: boolean;
}

const WRITERS = 8;
const IN_FLIGHT = 4;
const GROUP = "race" as GroupId;
const OWNER = "owner" as UserId;

export async function race(store: TestStore, options: RaceOptions): Promise<Violations> {
  await delayCommits(store.sql);
  const committers = [store.committer(), store.committer()] as const;
  const users = Array.from({ length: WRITERS }, (_, n) => `writer-${n}` as UserId);
  await committers[0].change({ change: "create", group: GROUP, by: OWNER, members: users });
  const run = { over: false, sent: 0, failed: 0 };

  async function write(writer: number, lane: number): Promise<void> {
    const committer = committers[writer % 2]!;
    for (let n = 0; !run.over; n++) {
      const to = n % 2 ? { group: GROUP } : { user: users[Math.floor(Math.random() * WRITERS)]! };
      const id = `${lane}-${n}` as MessageId;
      const body = { value: {}, text: "{}" };
      const { outcome } = await committer.append(message(users[writer]!, to, id, body));
      if (outcome === "failed") run.failed++;
      if (++run.sent >= options.rows) run.over = true;
    }
  }

  async function comeAndGo(): Promise<void> {
    for (let n = 0; !run.over; n++) {
      const members = [users[n % WRITERS]!];
      await changed(committers[n % 2]!, { change: "remove", group: GROUP, by: OWNER, members });
      await changed(committers[1 - n % 2]!, { change: "add", group: GROUP, by: OWNER, members });
    }
  }

  async function poll(): Promise<number> {
    let late = 0;
    for (let seen = 0, newest = 0, over = false; !over;) {
      over = run.over;
      const { below, fresh } = await look(store.sql, newest);
      late += below - seen;
      seen = below + fresh.length;
      newest = fresh.at(-1) ?? newest;
      if (options.untilViolated && (late > 0 || await brokenChains(store.sql) > 0)) run.over = true;
      await pause(1);
    }
    return late;
  }

  const writers = users.flatMap((_, writer) =>
    Array.from({ length: IN_FLIGHT }, (_, lane) => write(writer, lane))
  );
  const [late] = await Promise.all([poll(), comeAndGo(), ...writers]);
  return {
    late,
    broken: await brokenChains(store.sql),
    strangers: await strangers(store.sql),
    failed: run.failed,
  };
}

async function changed(committer: Committer, change: Parameters<Committer["change"]>[0]) {
  await committer.change(change);
  await pause(5);
}

/** One statement, so one snapshot. */
async function look(sql: Sql, newest: Gsid): Promise<{ below: number; fresh: Gsid[] }> {
  const [seen] = await sql<[{ below: number; fresh: string[] }]>`
    select (select count(*) from events where gsid <= ${newest})::int as below,
           array(select gsid::text from events where gsid > ${newest} order by gsid) as fresh`;
  return { below: seen.below, fresh: seen.fresh.map(Number) };
}

async function brokenChains(sql: Sql): Promise<number> {
  const [row] = await sql<[{ broken: number }]>`
    select count(*)::int as broken from (
      select prev, lag(gsid, 1, 0::bigint) over (partition by conversation order by gsid) as before
      from events
    ) chain
    where prev <> before`;
  return row.broken;
}

async function strangers(sql: Sql): Promise<number> {
  const [row] = await sql<[{ strangers: number }]>`
    select count(*)::int as strangers from events e
    where e.type = 'message' and e.conversation like 'group:%' and not exists (
      select from members m
      where m.conversation = e.conversation and m.user_id = e.sender
        and m.joined < e.gsid and (m.left_at is null or m.left_at > e.gsid)
    )`;
  return row.strangers;
}

/** Each transaction that appends sleeps before it commits, most of them hardly, some for long. */
async function delayCommits(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create function delay() returns trigger language plpgsql as $$
    begin
      perform pg_sleep(0.006 * random() ^ 3);
      return null;
    end $$;
    create trigger delay after update on log for each statement execute function delay();
  `);
}
