import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_MESSAGE_BYTES } from "shared/bus/bus.ts";
import {
  type CaughtUp,
  encodeMessage,
  type Entered,
  MOST_USER_GROUPS,
} from "shared/bus/requests.ts";
import type { Page } from "shared/bus/page.ts";
import { encodePage } from "shared/bus/page.ts";
import type { Gsid } from "shared/gsid.ts";
import type { GroupId, MessageId, UserId } from "shared/ids.ts";
import { topicsOf } from "shared/event.ts";
import { inboxTopic } from "shared/topic.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { message } from "../commit/command.ts";
import { readHead } from "../store/snapshot.ts";
import { inTransaction, type Sql } from "../store/sql.ts";
import { alert } from "./alert.ts";
import { catchUp } from "./catch_up.ts";
import { changes } from "./changes.ts";
import { enter } from "./enter.ts";
import { originOn, type TestOrigin } from "./testing.ts";

const stores = storesOfThisFile();
const bo = "bo" as UserId;
const LIMITS = { largeGroup: 10 };

/** Every page from a position, as an edge reads them. */
async function readAll(store: TestStore, gsid: Gsid, group?: string): Promise<Page<CaughtUp>> {
  const { epoch } = await readHead(store.sql);
  const request = { user: bo, ...(group !== undefined && { group: group as GroupId }) };
  const page = await catchUp(store.sql, { ...request, after: { gsid, epoch } }, LIMITS);
  for (let last = page; last.header.more;) {
    const after = { gsid: last.events.at(-1)!.gsid, epoch };
    last = await catchUp(store.sql, { ...request, after, upto: page.header.head }, LIMITS);
    assert.ok(last.header.recovered);
    page.events.push(...last.events);
  }
  return page;
}

async function gsidsAfter(store: TestStore, gsid: Gsid, group?: string): Promise<Gsid[]> {
  return (await readAll(store, gsid, group)).events.map((event) => event.gsid);
}

/** What bo had to get, by the rule that fan-out uses, from what was committed. */
function dueTo(origin: TestOrigin): Gsid[] {
  let isIn = false;
  return origin.committer.told.filter((event) => {
    const concerned = event.inboxes.includes(bo);
    if (event.type === "group.created" || event.type === "group.joined") isIn ||= concerned;
    const reached = topicsOf(event).includes(inboxTopic(bo)) || event.type === "alert" ||
      (event.conversation === "group:g" && isIn);
    if (event.type === "group.left" && concerned) isIn = false;
    return reached;
  }).map(({ gsid }) => gsid);
}

const STEPS = ["toBo", "fromBo", "elsewhere", "group", "alert", "add", "remove"] as const;

async function perform(origin: TestOrigin, step: typeof STEPS[number], n: number): Promise<void> {
  const members = { group: "g", members: ["bo"] };
  switch (step) {
    case "toBo":
      return void await origin.send("ana", { user: "bo" });
    case "fromBo":
      return void await origin.send("bo", { user: "cy" });
    case "elsewhere":
      return void await origin.send("ana", { user: "cy" });
    case "group":
      return void await origin.send("ana", { group: "g" });
    case "alert":
      return void await alert(origin.committer, `a${n}`, { n });
    case "add":
      return void await origin.call("ana", "group.add", members);
    case "remove":
      return void await origin.call("ana", "group.remove", members);
  }
}

Deno.test("catchUp() from any position brings exactly what was due after it, in order", async () => {
  const run = fc.asyncProperty(
    fc.array(fc.constantFrom(...STEPS), { minLength: 5, maxLength: 25 }),
    async (steps) => {
      await using store = await stores.store();
      const origin = originOn(store);
      await origin.call("ana", "group.create", { group: "g", members: ["cy"] });
      for (const [n, step] of steps.entries()) await perform(origin, step, n);
      await origin.committer.idle();
      const due = dueTo(origin);
      const offsets = [0, ...origin.committer.told.map(({ gsid }) => gsid)];
      for (const offset of offsets) {
        assert.deepEqual(await gsidsAfter(store, offset), due.filter((gsid) => gsid > offset));
      }
      const inGroup = new Set(
        origin.committer.told.flatMap((one) => one.conversation === "group:g" ? [one.gsid] : []),
      );
      assert.deepEqual(await gsidsAfter(store, 0, "g"), due.filter((gsid) => inGroup.has(gsid)));
    },
  );
  await fc.assert(run, { numRuns: 15 });
});

Deno.test("catchUp() pages through what one bus message cannot hold", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const sent = await Promise.all(Array.from({ length: 1_500 }, async (_, n) => {
    const text = "x".repeat(n % 10 ? 10 : 8_000);
    const answer = await origin.call("ana", "send", {
      to: { user: "bo" },
      id: `m${n}`,
      body: { text },
    });
    return (answer as { gsid: number }).gsid;
  }));
  const { epoch } = await readHead(store.sql);
  const first = await catchUp(store.sql, { user: bo, after: { gsid: 0, epoch } }, LIMITS);
  assert.ok(first.header.more);
  assert.ok(encodePage(first).length < 600_000);
  assert.deepEqual(await gsidsAfter(store, 0), sent);
  assert.deepEqual(await gsidsAfter(store, sent[1_000]!), sent.slice(1_001));
});

Deno.test("catchUp() does not look into what ended before its position, however often that was", async () => {
  await using store = await stores.store();
  const { epoch, head } = await readHead(store.sql);
  await store.sql`
    insert into members (conversation, user_id, role, joined, left_at)
    select 'group:g', ${bo}, 'member', -32 * n, -32 * n + 16 from generate_series(1, 500) n`;
  for (const group of [undefined, "g" as GroupId]) {
    const read = { user: bo, after: { gsid: head, epoch }, ...(group && { group }) };
    const scans = await inTransaction(store.sql, async (sql) => {
      await catchUp(sql as unknown as Sql, read, LIMITS);
      const index = "events_of_conversation";
      const [row] = await sql`
        select pg_stat_get_xact_numscans(${index}::text::regclass)::int as scans`;
      return row!["scans"];
    });
    assert.ok(scans < 10, `${scans} looks into conversations`);
  }
});

Deno.test("catchUp() finds out that it is too far behind without reading all that was missed", async () => {
  await using store = await stores.store();
  const groups = 40, maxEvents = 10;
  await store.sql`
    insert into members (conversation, user_id, role, joined)
    select 'group:' || g, ${bo}, 'member', 16 from generate_series(1, ${groups}::int) g`;
  await store.sql`
    insert into events (gsid, type, conversation, prev, sender, fields, inboxes)
    select 16 * (${groups}::int * n + g), 'message', 'group:' || g, 0, 'ana', '{}', '{}'
    from generate_series(1, ${groups}::int) g, generate_series(1, 100) n`;
  await store.sql`update log set last = (select max(gsid) from events)`;
  const { epoch } = await readHead(store.sql);
  const read = { user: bo, after: { gsid: 0, epoch } };
  const entries = await inTransaction(store.sql, async (sql) => {
    const page = await catchUp(sql as unknown as Sql, read, { ...LIMITS, maxEvents });
    assert.equal(page.header.recovered, false);
    const [row] = await sql`
      select (pg_stat_get_xact_tuples_returned('events_of_conversation'::regclass)
        + pg_stat_get_xact_tuples_returned('events'::regclass))::int as entries`;
    return row!["entries"];
  });
  assert.ok(entries < groups * maxEvents / 4, `${entries} entries were read`);
});

Deno.test("catchUp() does not claim to recover what it cannot", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  for (let n = 0; n < 4; n++) await origin.send("ana", { user: "bo" });
  const { epoch, head } = await readHead(store.sql);
  const recovered = async (gsid: number, of = epoch, maxEvents = 100) => {
    const request = { user: bo, after: { gsid, epoch: of } };
    const page = await catchUp(store.sql, request, { ...LIMITS, maxEvents });
    assert.equal(page.header.head, head);
    assert.equal(page.header.epoch, epoch);
    if (!page.header.recovered) assert.deepEqual(page.events, []);
    return page.header.recovered;
  };
  assert.equal(await recovered(0), true);
  assert.equal(await recovered(head), true);
  assert.equal(await recovered(head + 16), false);
  assert.equal(await recovered(0, "another"), false);
  assert.equal(await recovered(0, epoch, 4), true);
  assert.equal(await recovered(0, epoch, 3), false);
  await store.sql`update log set epoch = 'new'`;
  const later = { user: bo, after: { gsid: 0, epoch }, upto: head };
  assert.equal((await catchUp(store.sql, later, LIMITS)).header.recovered, false);
});

Deno.test("catchUp() and enter() tell the groups of the moment, with their last change and event", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  await origin.call("ana", "group.create", { group: "g", members: ["bo"] });
  await origin.call("ana", "group.create", { group: "left", members: ["bo"] });
  await origin.call("bo", "group.leave", { group: "left" });
  await origin.call("ana", "group.add", { group: "g", members: ["cy"] });
  const last = await origin.send("bo", { group: "g" });
  await origin.committer.idle();
  const groups = [{ group: "g", membership: origin.committer.told[3]!.gsid, last }];
  const snapshot = await catchUp(store.sql, { user: bo }, LIMITS);
  assert.deepEqual(snapshot.header, {
    v: 1,
    ...await readHead(store.sql),
    recovered: true,
    groups,
    more: false,
  });
  const entered = await enter(store.sql, { user: bo }, LIMITS);
  assert.deepEqual(entered.groups, groups);
  assert.ok(Math.abs(entered.at - Date.now()) < 5_000);
  assert.deepEqual((await enter(store.sql, { user: "eve" as UserId }, LIMITS)).groups, []);
});

Deno.test("a read of one group tells of that group alone, and only whoever is in it", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  for (const group of ["g", "h", "i"]) {
    await origin.call("ana", "group.create", { group, members: ["bo"] });
  }
  await origin.call("bo", "group.leave", { group: "i" });
  const { epoch } = await readHead(store.sql);
  const groupsOf = async (group: string) => {
    const read = { user: bo, group: group as GroupId, after: { gsid: 0, epoch } };
    return (await catchUp(store.sql, read, LIMITS)).header.groups!.map(({ group }) => group);
  };
  assert.deepEqual(await groupsOf("g"), ["g"]);
  assert.deepEqual(await groupsOf("i"), []);
  assert.deepEqual(await groupsOf("none"), []);
});

Deno.test("the first page of who is in many groups holds fewer events, and fits a message", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const text = "x".repeat(8_000);
  for (let n = 0; n < 100; n++) await origin.committer.append(messageOf(n, text));
  await store.sql`
    with g as (select 'group:' || repeat('%22', 123) || (10000 + n) as c
      from generate_series(1, ${MOST_USER_GROUPS}) n),
    made as (insert into conversations (conversation, kind, last, created)
      select c, 'group', ${2 ** 53 - 1}, 0 from g)
    insert into members (conversation, user_id, role, joined) select c, 'bo', 'member', 1 from g`;
  const { epoch } = await readHead(store.sql);
  const after = { gsid: 0, epoch };
  const page = await catchUp(store.sql, { user: bo, after }, LIMITS);
  assert.equal(page.header.groups!.length, MOST_USER_GROUPS);
  assert.ok(page.header.more && page.events.length > 30);
  assert.ok(encodePage(page).length <= MAX_MESSAGE_BYTES);
  const entered = await enter(store.sql, { user: bo }, LIMITS);
  assert.ok(encodeMessage<Entered>(entered).length <= MAX_MESSAGE_BYTES);
  assert.equal((await readAll(store, 0)).events.length, 100);
});

function messageOf(n: number, text: string) {
  const value = { text };
  const body = { value, text: JSON.stringify(value) };
  return message("ana" as UserId, { user: bo }, `m${n}` as MessageId, body);
}

Deno.test("a group with more members than a large one is told without its last event", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  await origin.call("ana", "group.create", { group: "g", members: ["bo", "cy"] });
  const isIdleAtAll = async (largeGroup: number) => {
    const [entered, read] = await Promise.all([
      enter(store.sql, { user: bo }, { largeGroup }),
      catchUp(store.sql, { user: bo }, { largeGroup }),
    ]);
    return [...entered.groups, ...read.header.groups!].map((state) => "last" in state);
  };
  assert.deepEqual(await isIdleAtAll(3), [true, true]);
  assert.deepEqual(await isIdleAtAll(2), [false, false]);
});

Deno.test("changes() tells who came and went after a gsid", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const group = "g" as GroupId;
  await origin.call("ana", "group.create", { group, members: ["bo"] });
  await origin.send("bo", { group });
  await origin.call("ana", "group.add", { group, members: ["cy"] });
  await origin.call("bo", "group.leave", { group });
  await origin.committer.idle();
  const gsids = origin.committer.told.filter(({ type }) => type !== "message")
    .map(({ gsid }) => gsid);
  const page = await changes(store.sql, { group, after: gsids[0]! });
  assert.deepEqual(page.header, { v: 1, group, more: false });
  assert.deepEqual(page.events.map(({ gsid, kind }) => [gsid, kind]), [
    [gsids[1], "membership"],
    [gsids[2], "membership"],
  ]);
  assert.deepEqual(JSON.parse(page.events[1]!.data).members, ["bo"]);
});
