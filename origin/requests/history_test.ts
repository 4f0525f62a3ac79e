import assert from "node:assert/strict";
import type { DeviceId, UserId } from "shared/ids.ts";
import { storesOfThisFile } from "testing/stores.ts";
import { inTransaction, type Sql } from "../store/sql.ts";
import { history } from "./history.ts";
import { originOn } from "./testing.ts";

const stores = storesOfThisFile();

type History = { events: { gsid: number; type: string }[]; more: boolean };

Deno.test("history pages through a conversation in both directions, in GSID order", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const sent: number[] = [];
  for (let n = 0; n < 7; n++) {
    sent.push(await origin.send(n % 2 ? "ana" : "bo", { user: n % 2 ? "bo" : "ana" }));
  }
  const read = async (data: object) => {
    const { events, more } = await origin.call("ana", "history", {
      conversation: "dm:ana:bo",
      ...data,
    }) as unknown as History;
    return { gsids: events.map(({ gsid }) => gsid), more };
  };
  assert.deepEqual(await read({}), { gsids: sent, more: false });
  assert.deepEqual(await read({ limit: 3 }), { gsids: sent.slice(4), more: true });
  assert.deepEqual(await read({ limit: 3, before: sent[4]! }), {
    gsids: sent.slice(1, 4),
    more: true,
  });
  assert.deepEqual(await read({ before: sent[1]! }), { gsids: sent.slice(0, 1), more: false });
  assert.deepEqual(await read({ limit: 3, after: 0 }), { gsids: sent.slice(0, 3), more: true });
  assert.deepEqual(await read({ after: sent[5]! }), { gsids: sent.slice(6), more: false });
  assert.equal(await origin.call("cy", "history", { conversation: "dm:ana:bo" }), 4001);
  assert.equal(await origin.call("cy", "history", { conversation: "dm:ana:cy" }), 4001);
});

Deno.test("history keeps a page within a bus message, however large the bodies", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      origin.call("ana", "send", {
        to: { user: "bo" },
        id: `m${n}`,
        body: { text: "x".repeat(16_000) },
      })),
  );
  const seen: number[] = [];
  for (let before = Number.MAX_SAFE_INTEGER, more = true; more;) {
    const page = await origin.call("bo", "history", {
      conversation: "dm:ana:bo",
      before,
      limit: 200,
    });
    assert.ok(JSON.stringify(page).length < 600_000);
    const { events, more: left } = page as unknown as History;
    seen.unshift(...events.map(({ gsid }) => gsid));
    before = events[0]!.gsid;
    more = left;
  }
  assert.equal(seen.length, 60);
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
});

Deno.test("history shows a member what was committed while it was in, of each of its stays", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const group = { group: "g" }, bo = { group: "g", members: ["bo"] };
  const gsid = (answer: unknown) => (answer as { gsid: number }).gsid;
  await origin.call("ana", "group.create", group);
  await origin.send("ana", group);
  const stay = [gsid(await origin.call("ana", "group.add", bo)), await origin.send("ana", group)];
  stay.push(gsid(await origin.call("ana", "group.remove", bo)));
  await origin.send("ana", group);
  stay.push(gsid(await origin.call("ana", "group.add", bo)), await origin.send("bo", group));
  const { events } = await origin.call("bo", "history", {
    conversation: "group:g",
  }) as unknown as History;
  assert.deepEqual(events.map(({ gsid }) => gsid), stay);
});

Deno.test("history looks into no more stays than it shows events, however often somebody came and left", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  await origin.call("ana", "group.create", { group: "g", members: ["bo"] });
  await store.sql`
    insert into members (conversation, user_id, role, joined, left_at)
    select 'group:g', 'bo', 'member', -32 * n, -32 * n + 16 from generate_series(1, 500) n`;
  const caller = { user: "bo" as UserId, device: "phone" as DeviceId };
  for (const stretch of [{}, { after: 0 }]) {
    const looks = await inTransaction(store.sql, async (sql) => {
      const parts = { ...origin.parts, sql: sql as unknown as Sql };
      await history(parts, caller, { conversation: "group:g", limit: 5, ...stretch });
      const [row] = await sql<{ scans: number }[]>`
        select pg_stat_get_xact_numscans('events_of_conversation'::regclass)::int as scans`;
      return row!.scans;
    });
    assert.ok(looks < 10, `${looks} looks into the conversation`);
  }
});

Deno.test("history shows alerts to everybody", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const { alert } = await import("./alert.ts");
  const sent = await alert(origin.committer, "a", { text: "fire" });
  assert.deepEqual(await alert(origin.committer, "a", { text: "fire" }), {
    result: { ...("result" in sent && sent.result), duplicate: true },
  });
  const { events } = await origin.call("cy", "history", {
    conversation: "system",
  }) as unknown as History;
  assert.deepEqual(events.map(({ type }) => type), ["alert"]);
});

Deno.test("conversations lists one's own, those with the newest event first, page by page", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  await origin.send("ana", { user: "bo" });
  await origin.call("bo", "group.create", { group: "g", members: ["ana"] });
  await origin.send("cy", { user: "bo" });
  await origin.call("bo", "group.create", { group: "left", members: ["ana"] });
  await origin.call("ana", "group.leave", { group: "left" });
  await origin.send("ana", { user: "ana" });
  await origin.send("bo", { user: "ana" });
  const list = async (data: object) =>
    await origin.call("ana", "conversations", { ...data }) as {
      conversations: { conversation: string; last: number }[];
      next?: number;
    };
  const all = await list({});
  assert.deepEqual(
    all.conversations.map(({ conversation }) => conversation),
    ["dm:ana:bo", "dm:ana:ana", "group:g"],
  );
  assert.equal(all.next, undefined);
  const first = await list({ limit: 2 });
  const second = await list({ limit: 2, after: first.next });
  assert.deepEqual([...first.conversations, ...second.conversations], all.conversations);
});

Deno.test("presence tells acquaintances apart from strangers, who look offline", async () => {
  await using store = await stores.store();
  const origin = originOn(store, { online: ["ana", "bo", "cy", "dan", "__proto__"] });
  await origin.send("bo", { user: "ana" });
  await origin.send("ana", { user: "__proto__" });
  await origin.call("cy", "group.create", { group: "g", members: ["ana"] });
  await origin.call("dan", "group.create", { group: "left", members: ["ana"] });
  await origin.call("ana", "group.leave", { group: "left" });
  const asked = ["ana", "bo", "cy", "dan", "eve", "__proto__"];
  const answer = await origin.call("ana", "presence", { users: asked });
  assert.deepEqual(
    Object.entries(answer).map(([user, { online }]) => [user, online]),
    [["ana", true], ["bo", true], ["cy", true], ["dan", false], ["eve", false], [
      "__proto__",
      true,
    ]],
  );
});
