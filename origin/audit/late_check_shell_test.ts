import assert from "node:assert/strict";
import { ANNOUNCE, encodeMessage, type Received } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import { SYSTEM_CONVERSATION } from "shared/ids.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { TestBeats, TestBus } from "./testing/bus.ts";
import { createSql } from "../store/sql.ts";
import { LATE_MS } from "./late_check.ts";
import { LateCheck } from "./late_check_shell.ts";
import { commitFindings, readMark, selectLate } from "./late_check_store.ts";
import { onlyLooking } from "./testing/presence.ts";
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
function lateCheck(
  { sql }: Pick<TestStore, "sql">,
  bus = new TestBus(),
  { largeGroup = 1_000, presence = onlyLooking(), clock = { nowMs: 0 } } = {},
) {
  const checked: { events: number; jobs: number; pages: number }[] = [];
  const failures: unknown[] = [];
  const check = new LateCheck({
    sql,
    bus,
    presence,
    origin: "origin-1",
    largeGroup,
    nowMs: () => clock.nowMs,
    wallMs: Date.now,
    every: new TestBeats().every,
    events: {
      checked: ({ events, jobs, pages }) => checked.push({ events, jobs, pages }),
      ended() {},
      disbelieved() {},
      failed: (error) => failures.push(error),
    },
  });
  return Object.assign(check, { checked, failures, bus });
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
  const later = await selectLate(db.sql, mark, { ageMs: 9 * SECOND, seen: 0 });
  assert.equal(later.length, 1, "the other is still to come");
});

Deno.test("LateCheck looks at what lies ahead of the database's clock when it has seen it for 15 s", async () => {
  await using db = await stores.store();
  const clock = { nowMs: 1_000 };
  await using check = lateCheck(db, undefined, { clock });
  const ahead = ago(-3_600 * SECOND);
  await seedDirect(db, [ahead]);
  await check.check();
  clock.nowMs += LATE_MS - 1;
  await check.check();
  assert.deepEqual(await jobsOf(db.sql), []);
  clock.nowMs += 1;
  await check.check();
  assert.deepEqual([await jobsOf(db.sql), await markOf(db.sql)], [[`bo ${ahead}`], ahead]);
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

Deno.test("LateCheck opens a job again that ended without a token that took it, if there is another now", async () => {
  await using db = await stores.store();
  const [gsid] = gsids(OLD, 1) as [Gsid];
  const ended: [
    user: string,
    outcome: string,
    reason: string,
    progress: Record<string, unknown>,
  ][] = [
    ["gone", "dropped", "no targets", { 999: 1_700_000_000_000 }],
    ["never", "dropped", "no targets", {}],
    ["pruned", "dropped", "UNREGISTERED", { 999: "pruned" }],
    ["refused", "dead", "PayloadTooLarge", { 999: "refused" }],
    ["sent", "sent", "", { 999: "sent" }],
    ["received", "dropped", "received", {}],
    ["not-configured", "dropped", "not configured", {}],
    ["no-token", "dropped", "no targets", {}],
    ["tried", "dead", "PayloadTooLarge", {}],
  ];
  const users = ended.map(([user]) => user);
  await seedConversation(db.sql, team, ["ana", ...users]);
  await seedTargets(db.sql, users.filter((user) => user !== "no-token"));
  await seedEvents(db.sql, [message(gsid)]);
  for (const [user, outcome, reason, progress] of ended) {
    await db.sql`
      insert into push_jobs (gsid, user_id, due_at, outcome, reason, progress, ended_at)
      values (${gsid}, ${user}, null, ${outcome}, ${reason}, ${
      JSON.stringify(progress)
    }::text::jsonb,
        now())`;
  }
  await db.sql`
    update push_jobs set progress = jsonb_build_object(
      (select id from push_targets where user_id = 'tried')::text, 'refused')
    where user_id = 'tried'`;
  await using check = lateCheck(db);
  await check.check();
  const open = await db.sql`
    select user_id from push_jobs where outcome is null and due_at <= now() and ended_at is null
    order by user_id`;
  assert.deepEqual(open.map((row) => row["user_id"]), ["gone", "never", "pruned", "refused"]);
  assert.deepEqual([check.checked, check.failures], [[{ events: 1, jobs: 4, pages: 0 }], []]);
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
  await using check = lateCheck(db, new TestBus(), { largeGroup: 2 });
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

Deno.test("LateCheck that slept asks every edge again before it goes on", async () => {
  await using db = await stores.store();
  const bus = new TestBus(), clock = { nowMs: 0 };
  await using check = lateCheck(db, bus, { clock });
  await check.check();
  const [gsid] = gsids(OLD, 1) as [Gsid];
  await seedDirect(db, [gsid]);
  // What bo's edge reported meanwhile lies unread before it.
  bus.answers = [encodeMessage<Received>({ replica: "r1", users: [[user("bo"), gsid]] })];
  clock.nowMs += 6 * SECOND;
  await check.check();
  assert.deepEqual([await jobsOf(db.sql), bus.asked.length], [[], 2]);
  clock.nowMs += SECOND;
  await check.check();
  assert.equal(bus.asked.length, 2);
});

Deno.test("a checker that acts late, on what it read before others moved the mark, does nothing", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db);
  const conversation = direct("ana", "bo");
  const [first, second] = gsids(OLD, 2) as [Gsid, Gsid];
  await seedDirect(db, [first]);
  const { checked: after, behindMs } = await readMark(db.sql);
  assert.ok(behindMs >= OLD && behindMs < 2 * OLD);
  await check.check();
  await seedEvents(db.sql, [{ gsid: second, conversation, sender: "ana" }]);
  const late = await commitFindings(db.sql, {
    after,
    upto: second,
    lacking: [{ user: user("bo"), received: [] }],
    conversations: [conversation],
    paged: [second],
  });
  assert.equal(late, undefined);
  assert.deepEqual([await jobsOf(db.sql), await markOf(db.sql)], [[`bo ${first}`], first]);
  assert.equal((await db.sql`select from push_pages`).length, 0);
  await check.check();
  assert.deepEqual(await jobsOf(db.sql), [`bo ${first}`, `bo ${second}`]);
});

Deno.test("LateCheck outlives every session that the server ends, and passes nothing over", async () => {
  await using db = await stores.store();
  const sql = createSql(db.url, { name: "victim", maxConnections: 2 });
  const all = gsids(OLD, 300);
  await seedDirect(db, all);
  {
    await using check = lateCheck({ sql });
    await waitUntil(async () => {
      const killed = db.sql`
        select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'`;
      await Promise.all([check.check(), killed]);
      return await markOf(db.sql) === all.at(-1) || undefined;
    }, { what: "the mark to arrive", withinMs: 10 * SECOND });
  }
  assert.deepEqual(await jobsOf(db.sql), all.map((gsid) => `bo ${gsid}`));
  // One that was ended counts as busy to the driver: it would wait for it for ever.
  await sql.end({ timeout: 0 });
});

Deno.test("LateCheck tells how far it is behind, and that grows while it cannot check", async () => {
  await using db = await stores.store();
  const clock = { nowMs: 0 };
  await using check = lateCheck(db, new TestBus(), { clock });
  await check.check();
  assert.equal(check.lagMs, 0, "nothing is there to be looked at");
  await seedDirect(db, [ago(10 * SECOND)]);
  await check.check();
  assert.ok(check.lagMs >= 10 * SECOND && check.lagMs < 12 * SECOND, "it is not due yet");
  await db.sql`alter table audit rename to away`;
  clock.nowMs += 60 * SECOND;
  await check.check();
  assert.ok(check.lagMs >= 70 * SECOND);
});

Deno.test("LateCheck gets over a batch that is too much for one statement", async () => {
  await using db = await stores.store();
  await using check = lateCheck(db);
  await db.sql`
    create function refuse() returns trigger language plpgsql as $$
    begin
      if (select count(*) from added) > 50 then raise 'it takes too long'; end if;
      return null;
    end $$`;
  await db.sql`
    create trigger refuse after insert on push_jobs referencing new table as added
    for each statement execute function refuse()`;
  await seedDirect(db, gsids(OLD, 200));
  for (let round = 0; round < 20; round++) await check.check();
  assert.match(`${check.failures[0]}`, /it takes too long/);
  assert.equal((await jobsOf(db.sql)).length, 200);
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
