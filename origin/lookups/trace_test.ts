import assert from "node:assert/strict";
import { pushDatabasesOfThisFile } from "testing/push_database.ts";
import type { UserId } from "shared/ids.ts";
import type { Gsid } from "shared/gsid.ts";
import { ReceivedPositions } from "../audit/received.ts";
import { ago, direct, seedConversation, seedEvents, team } from "../audit/testing/seed.ts";
import { UNKNOWN } from "../presence/interpret.ts";
import { createPushQueue } from "../push/queue.ts";
import type { Sql } from "../store/sql.ts";
import type { Fate } from "./fate.ts";
import { listDevices } from "./devices.ts";
import { traceMessage } from "./trace.ts";

const newDatabase = pushDatabasesOfThisFile();

function depsOf(sql: Sql, positions: [string, Gsid][] = []) {
  const received = new ReceivedPositions();
  for (const [user, upto] of positions) received.note(user as UserId, upto);
  return {
    sql,
    positions: received,
    presence: {
      lookup: (users: readonly UserId[]) =>
        Promise.resolve(new Map(users.map((user) => [user, UNKNOWN]))),
    },
    wallMs: Date.now,
  };
}

Deno.test("traceMessage() tells of both users of a direct conversation, and not the body", async () => {
  await using database = await newDatabase();
  const { sql } = database;
  const gsid = ago(1_000), conversation = direct("ana", "ben");
  await seedConversation(sql, conversation, ["ana", "ben"]);
  await seedEvents(sql, [{ gsid, conversation, sender: "ana", inboxes: ["ana", "ben"] }]);
  await sql`update events set fields = '{"id":"m1","from":"ana","body":{"text":"a canary"}}'`;
  await database.target("ben", "fcm", "canary-token");
  await createPushQueue(sql).enqueue([{ gsid, user: "ben" as UserId }]);
  const found = await traceMessage(depsOf(sql, [["ana", gsid]]), { gsid, limit: 10 });
  const { recipients, ...event } = found!;
  assert.deepEqual(event, {
    gsid,
    type: "message",
    conversation,
    at: new Date(Math.floor(gsid / 4096) + 1_735_689_600_000).toISOString(),
    prev: 0,
    sender: "ana",
    id: "m1",
    lateCheck: "waiting",
    more: false,
  });
  const [ana, ben] = recipients as unknown as Fate[];
  assert.deepEqual(ana, {
    user: "ana",
    presence: "unknown",
    received: "yes",
    push: { state: "none", why: "own message" },
  });
  assert.equal(ben!.push.state, "waiting");
  assert.match(JSON.stringify(ben), /"due":"20\d\d-[^"]*Z".*"device":"device","platform":"fcm"/);
  assert.doesNotMatch(JSON.stringify(found), /canary/);
});

Deno.test("traceMessage() tells how a push ended", async () => {
  await using database = await newDatabase();
  const { sql } = database;
  const gsid = ago(1_000), conversation = direct("ana", "ben");
  await seedConversation(sql, conversation, ["ana", "ben"]);
  await seedEvents(sql, [{ gsid, conversation, sender: "ana" }]);
  await database.target("ben", "fcm", "t");
  const queue = createPushQueue(sql);
  await queue.enqueue([{ gsid, user: "ben" as UserId }]);
  const [job] = await queue.claim(1, 60_000);
  const progress = { [job!.targets[0]!.id]: "refused" as const };
  await queue.record([[job!, { kind: "ended", outcome: "dead", progress, reason: "bad note" }]]);
  const found = await traceMessage(depsOf(sql), { gsid, limit: 10, after: "ana" });
  const [{ push }] = found!.recipients as unknown as [Fate];
  assert.match(
    JSON.stringify(push),
    /^{"state":"dead","attempts":1,"ended":"20[^"]*Z","reason":"bad note","targets":\[{"device":"device","platform":"fcm","state":"refused"}\]}$/,
  );
});

Deno.test("traceMessage() tells of who was in a group at the event, page by page", async () => {
  await using database = await newDatabase();
  const { sql } = database;
  const gsid = ago(20_000);
  await seedConversation(sql, team, [
    "ana",
    "ben",
    { user: "cat", left: gsid - 16 },
    { user: "dan", left: gsid + 16 },
    { user: "eve", joined: gsid + 16 },
  ]);
  await seedEvents(sql, [{ gsid, conversation: team, sender: "ana" }]);
  await sql`update audit set checked = ${gsid}`;
  await sql`insert into push_pages (gsid, walked) values (${gsid}, 'ben')`;
  const pages: string[] = [];
  let after: string | undefined;
  for (let more = true; more;) {
    const found = await traceMessage(depsOf(sql), { gsid, limit: 2, ...(after && { after }) });
    const users = (found!.recipients as unknown as Fate[]).map(({ user }) => user);
    assert.deepEqual([found!.lateCheck, found!.walk], ["done", "under way"]);
    pages.push(users.join(" "));
    after = users.at(-1);
    more = found!.more as boolean;
  }
  assert.deepEqual(pages, ["ana ben", "dan"]);
});

Deno.test("traceMessage() knows no event that there is not, and lists nobody for an alert", async () => {
  await using database = await newDatabase();
  const { sql } = database;
  assert.equal(await traceMessage(depsOf(sql), { gsid: 16, limit: 10 }), undefined);
  await sql`
    insert into events (gsid, type, conversation, prev, fields, inboxes)
    values (32, 'alert', 'system', 0, '{"body":{}}', '{}')`;
  const found = await traceMessage(depsOf(sql), { gsid: 32, limit: 10 });
  assert.deepEqual([found!.recipients, found!.sender, found!.id], [[], null, null]);
});

Deno.test("listDevices() tells what is registered and how far was received, and no token", async () => {
  await using database = await newDatabase();
  await database.target("ben", "apns", "canary-token");
  const deps = depsOf(database.sql, [["ben", 64]]);
  const { devices, ...rest } = await listDevices(deps, "ben" as UserId);
  assert.deepEqual(rest, { presence: "unknown", connected: [], received: 64 });
  assert.match(
    JSON.stringify(devices),
    /^\[{"device":"device","platform":"apns","app":null,"registered":"20[^"]*Z"}\]$/,
  );
  assert.equal((await listDevices(deps, "ana" as UserId)).received, null);
});
