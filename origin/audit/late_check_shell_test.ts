import assert from "node:assert/strict";
import { ANNOUNCE, encodeMessage, type Ended, type Received } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import { SYSTEM_CONVERSATION } from "shared/ids.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { TestBeats, TestBus } from "./testing/bus.ts";
import { LateCheck } from "./late_check_shell.ts";
import { selectLate } from "./late_check_store.ts";
import {
  ago,
  direct,
  jobsOf,
  markOf,
  seedConversation,
  type SeedEvent,
  seedEvents,
  seedTargets,
  team,
  user,
} from "./testing/seed.ts";

const stores = storesOfThisFile();
const SECOND = 1_000;
const OLD = 16 * SECOND;

/** A late check that runs when told to, and what it reported. */
function lateCheck({ sql }: TestStore, bus = new TestBus(), largeGroup = 1_000) {
  const checked: { events: number; jobs: number; pages: number }[] = [];
  const failures: unknown[] = [];
  const ended: unknown[] = [];
  const check = new LateCheck({
    sql,
    bus,
    origin: "origin-1",
    largeGroup,
    every: new TestBeats().every,
    events: {
      checked: ({ events, jobs, pages }) => checked.push({ events, jobs, pages }),
      ended: (batch) => ended.push(batch),
      failed: (error) => failures.push(error),
    },
  });
  return Object.assign(check, { checked, failures, ended, bus });
}

/** Consecutive gsids from `ms` ago on. */
function gsids(ms: number, count: number): Gsid[] {
  const first = ago(ms);
  return Array.from({ length: count }, (_, i) => first + i * 16);
}

Deno.test("LateCheck pushes to the members at commit except the sender, and to nobody else", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db);
  const [before, left, at, joined, after] = gsids(OLD, 5) as [Gsid, Gsid, Gsid, Gsid, Gsid];
  const anaBo = direct("ana", "bo"), note = direct("ana", "ana");
  await seedConversation(db.sql, team, [
    "ana",
    "bo",
    "no-device",
    { user: "gone", joined: before - 16, left },
    { user: "came", joined },
    { user: "back", joined: before - 16, left },
    { user: "back", joined },
  ]);
  await seedConversation(db.sql, anaBo, ["ana", "bo"]);
  await seedConversation(db.sql, note, ["ana"]);
  await seedTargets(db.sql, ["ana", "bo", "gone", "came", "back", "stranger"]);
  await seedEvents(db.sql, [
    { gsid: before, conversation: team, sender: "ana" },
    { gsid: left, conversation: team, type: "group.left", sender: "ana" },
    { gsid: at, conversation: team, sender: "ana" },
    { gsid: joined, conversation: team, type: "group.joined", sender: "ana" },
    { gsid: after, conversation: team, sender: "bo" },
    { gsid: after + 16, conversation: anaBo, sender: "ana" },
    { gsid: after + 32, conversation: note, sender: "ana" },
    { gsid: after + 48, conversation: SYSTEM_CONVERSATION, type: "alert" },
  ]);
  await check.check();
  assert.deepEqual(await jobsOf(db.sql), [
    `back ${before}`,
    `bo ${before}`,
    `gone ${before}`,
    `bo ${at}`,
    `ana ${after}`,
    `back ${after}`,
    `came ${after}`,
    `bo ${after + 16}`,
  ]);
  assert.equal(await markOf(db.sql), after + 48);
  assert.deepEqual([check.checked, check.failures], [[{ events: 8, jobs: 8, pages: 0 }], []]);
});

Deno.test("LateCheck looks at an event when it is 15 s old, and at each once", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db);
  await seedDirect(db, [ago(20 * SECOND), ago(10 * SECOND)]);
  await check.check();
  const mark = await markOf(db.sql);
  assert.deepEqual(await jobsOf(db.sql), [`bo ${mark}`]);
  await db.sql`delete from push_jobs`;
  await check.check();
  assert.deepEqual([await jobsOf(db.sql), await markOf(db.sql)], [[], mark]);
  const later = await db.sql.begin((transaction) => selectLate(transaction, mark, 9 * SECOND));
  assert.equal(later.length, 1, "the other is still to come");
});

Deno.test("LateCheck spares who received the event, and leaves a job that was made", async () => {
  await using db = await stores.store();
  const [first, second] = gsids(OLD, 2) as [Gsid, Gsid];
  await seedConversation(db.sql, team, ["ana", "bo", "cy", "di", "eva"]);
  await seedTargets(db.sql, ["bo", "cy", "di", "eva"]);
  await seedEvents(db.sql, [first, second].map((gsid) => message(gsid)));
  await db.sql`
    insert into push_jobs (gsid, user_id, due_at, outcome, ended_at)
    values (${first}, 'eva', null, 'sent', now())`;
  await using check = lateCheck(db);
  const users: Received["users"] = [[user("cy"), second], [user("di"), first]];
  check.bus.publish(ANNOUNCE.received, encodeMessage<Received>({ replica: "r1", users }));
  await check.check();
  const made = await db
    .sql`select user_id, gsid from push_jobs where outcome is null order by 2, 1`;
  assert.deepEqual(made.map((row) => [row["user_id"], row["gsid"]]), [
    ["bo", first],
    ["bo", second],
    ["di", second],
    ["eva", second],
  ]);
});

Deno.test("LateCheck asks every edge before its first check, and again when the bus was away", async () => {
  await using db = await stores.store();
  const bus = new TestBus();
  const [first, second] = gsids(20 * SECOND, 2) as [Gsid, Gsid];
  await seedDirect(db, [first, second]);
  bus.answers = [
    encodeMessage<Received>({ replica: "r1", users: [[user("bo"), first]] }),
    encodeMessage<Received>({ replica: "r2", users: [[user("bo"), second]] }),
  ];
  await using check = lateCheck(db, bus);
  await check.check();
  await check.check();
  assert.deepEqual([await jobsOf(db.sql), bus.asked], [[], [ANNOUNCE.askReceived]]);
  bus.status = "disconnected";
  await check.check();
  bus.status = "connected";
  await check.check();
  assert.equal(bus.asked.length, 2);
});

Deno.test("LateCheck goes on without the bus, after those that have one", async () => {
  await using db = await stores.store();
  const bus = new TestBus();
  bus.status = "disconnected";
  await seedDirect(db, [ago(25 * SECOND), ago(16.5 * SECOND)]);
  await using check = lateCheck(db, bus);
  await check.check();
  assert.deepEqual(check.checked, [{ events: 1, jobs: 1, pages: 0 }]);
  assert.deepEqual(bus.asked, []);
});

Deno.test("LateCheck only has a group above largeGroup walked in pages", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db, new TestBus(), 2);
  const [gsid] = gsids(OLD, 1) as [Gsid];
  await seedConversation(db.sql, team, ["ana", "bo", "cy"]);
  await seedTargets(db.sql, ["bo", "cy"]);
  await seedEvents(db.sql, [message(gsid)]);
  await check.check();
  assert.deepEqual(await jobsOf(db.sql), []);
  const pages = await db.sql`select gsid, walked, finished from push_pages`;
  assert.deepEqual([...pages], [{ gsid, walked: "", finished: false }]);
});

Deno.test("LateCheck catches up through any number of batches", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db);
  await seedConversation(db.sql, team, ["ana", "bo"]);
  await seedTargets(db.sql, ["bo"]);
  await db.sql`
    insert into events (gsid, type, conversation, prev, sender, fields, inboxes)
    select ${ago(60 * SECOND)}::bigint + n * 16, 'message', ${team}, 0, 'ana', '{}', '{}'
    from generate_series(1, 4500) n`;
  await check.check();
  assert.deepEqual(check.checked.map(({ events }) => events), [2_000, 2_000, 500]);
  assert.equal((await jobsOf(db.sql)).length, 4_500);
});

Deno.test("Late checks of several origins at once make each job once", async () => {
  await using db = await stores.store();
  const checks = [lateCheck(db), lateCheck(db), lateCheck(db)];
  await using _all = disposing(checks);
  const all = gsids(OLD, 200);
  await seedDirect(db, all);
  await Promise.all(checks.map((check) => check.check()));
  assert.deepEqual(await jobsOf(db.sql), all.map((gsid) => `bo ${gsid}`));
  assert.equal(await markOf(db.sql), all.at(-1));
  assert.deepEqual(checks.flatMap(({ failures }) => failures), []);
  const jobs = checks.flatMap(({ checked }) => checked).reduce((sum, { jobs }) => sum + jobs, 0);
  assert.equal(jobs, 200);
});

Deno.test("LateCheck leaves the batch to a checker that holds the mark, without waiting", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db);
  await seedDirect(db, gsids(OLD, 1));
  await db.sql.begin(async (other) => {
    await other`select checked from audit for update`;
    await check.check();
  });
  assert.deepEqual([check.checked, await jobsOf(db.sql)], [[], []]);
  await check.check();
  assert.equal((await jobsOf(db.sql)).length, 1);
});

Deno.test("LateCheck moves the mark only together with the jobs", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db);
  await seedDirect(db, gsids(OLD, 1));
  const mark = await markOf(db.sql);
  await db.sql`
    create function refuse() returns trigger language plpgsql as
    $$ begin raise 'the disk is full'; end $$`;
  await db.sql`
    create trigger refuse before update on audit for each row execute function refuse()`;
  await check.check();
  assert.match(`${check.failures}`, /the disk is full/);
  assert.deepEqual([await jobsOf(db.sql), await markOf(db.sql)], [[], mark]);
  await db.sql`drop trigger refuse on audit`;
  await check.check();
  assert.equal((await jobsOf(db.sql)).length, 1);
});

Deno.test("LateCheck looks at once for those whose connection ended, and leaves the mark alone", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db, new TestBus(), 3);
  const crowd = direct("crowd", "crowd");
  const old = ago(30 * SECOND), [young, younger, youngest] = gsids(2 * SECOND, 3) as Gsid[];
  await seedConversation(db.sql, team, ["ana", "bo", "cy"]);
  await seedConversation(db.sql, crowd, ["ana", "bo", "cy", "di"]);
  await seedTargets(db.sql, ["ana", "bo", "cy", "di"]);
  await seedEvents(db.sql, [message(old)]);
  await db.sql`update audit set checked = ${old}`;
  await seedEvents(db.sql, [
    message(young!),
    { gsid: younger!, conversation: crowd, sender: "ana" },
    message(youngest!),
  ]);
  const users = [user("bo"), user("di"), user("stranger")];
  check.bus.publish(ANNOUNCE.ended, encodeMessage<Ended>({ replica: "r1", users }));
  await check.check();
  assert.deepEqual(await jobsOf(db.sql), [], "the edge's last word of what was received may come");
  check.bus.publish(
    ANNOUNCE.received,
    encodeMessage<Received>({ replica: "r1", users: [[user("bo"), young!]] }),
  );
  await check.check();
  assert.deepEqual(await jobsOf(db.sql), [`bo ${youngest}`]);
  assert.deepEqual([await markOf(db.sql), check.ended], [old, [{ users: 3, jobs: 1 }]]);
  await check.check();
  assert.equal(check.ended.length, 1);
});

function message(gsid: Gsid): SeedEvent {
  return { gsid, conversation: team, sender: "ana" };
}

/** Messages of ana to bo, who has a device. */
async function seedDirect({ sql }: TestStore, all: Gsid[]): Promise<void> {
  const conversation = direct("ana", "bo");
  await seedConversation(sql, conversation, ["ana", "bo"]);
  await seedTargets(sql, ["bo"]);
  await seedEvents(sql, all.map((gsid) => ({ gsid, conversation, sender: "ana" })));
}

function disposing(all: AsyncDisposable[]): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  for (const each of all) stack.use(each);
  return stack;
}
