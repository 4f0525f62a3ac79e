import assert from "node:assert/strict";
import { storesOfThisFile } from "testing/stores.ts";
import type { JsonValue } from "shared/event.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import { dispatch } from "./dispatch.ts";
import { originOn, type TestOrigin } from "./testing.ts";

const stores = storesOfThisFile();

async function roles(origin: TestOrigin, users: string[]) {
  const asked = users.map(async (user) => {
    const group = await origin.call(user, "group.get", { group: "g" });
    return [user, typeof group === "number" ? group : group.role];
  });
  return Object.fromEntries(await Promise.all(asked));
}

Deno.test("group.create is answered the same again to its creator, and 4010 to others", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const create = { group: "g", name: "Friends", members: ["bo", "ana", "bo"] };
  const first = await origin.call("ana", "group.create", create);
  await origin.committer.idle();
  assert.deepEqual(first, { gsid: origin.committer.told[0]?.gsid, conversation: "group:g" });
  assert.deepEqual(await origin.call("ana", "group.create", create), first);
  assert.equal(await origin.call("bo", "group.create", create), 4010);
  assert.deepEqual(await roles(origin, ["ana", "bo", "cy"]), {
    ana: "owner",
    bo: "member",
    cy: 4001,
  });
  const [event] = origin.committer.told;
  assert.equal(event?.fields, '{"group":"g","by":"ana","members":["ana","bo"]}');
  assert.deepEqual(event?.inboxes, ["ana", "bo"]);
  assert.deepEqual([event?.membership, event?.members, event?.prev, event?.sender], [
    0,
    2,
    0,
    "ana",
  ]);
  const { created, ...got } = await origin.call("bo", "group.get", { group: "g" }) as Record<
    string,
    unknown
  >;
  assert.deepEqual(got, { group: "g", name: "Friends", role: "member", members: 2 });
  assert.match(String(created), /^20..-.*Z$/);
  await origin.committer.idle();
  assert.equal(origin.committer.told.length, 1);
});

Deno.test("group.add and group.remove pass over those already in or out", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const gsid = async (method: string, members: string[]) => {
    const answer = await origin.call("ana", method, { group: "g", members });
    return (answer as { gsid: number }).gsid;
  };
  await origin.call("ana", "group.create", { group: "g" });
  const added = await gsid("group.add", ["bo", "ana", "cy", "bo"]);
  assert.equal(await gsid("group.add", ["cy", "bo"]), added);
  const removed = await gsid("group.remove", ["bo", "nobody"]);
  assert.ok(removed > added);
  assert.equal(await gsid("group.remove", ["bo"]), removed);
  assert.ok(await gsid("group.add", ["bo"]) > removed);
  await origin.committer.idle();
  assert.deepEqual(
    origin.committer.told.map(({ type, inboxes }) => [type, inboxes]),
    [
      ["group.created", ["ana"]],
      ["group.joined", ["bo", "cy"]],
      ["group.left", ["bo"]],
      ["group.joined", ["bo"]],
    ],
  );
  const gsids = [0, ...origin.committer.told.map(({ gsid }) => gsid)];
  assert.deepEqual(origin.committer.told.map(({ membership }) => membership), gsids.slice(0, -1));
});

Deno.test("a group is changed by its owner or an admin only", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const users = { group: "g", members: ["dan"] };
  assert.equal(await origin.call("ana", "group.add", users), 4001);
  await origin.call("ana", "group.create", { group: "g", members: ["bo", "cy"] });
  assert.equal(await origin.call("bo", "group.add", users), 103);
  assert.equal(await origin.call("bo", "group.remove", { group: "g", members: ["cy"] }), 103);
  assert.equal(await origin.call("bo", "group.remove", { group: "g", members: ["bo"] }), 103);
  assert.equal(await origin.call("dan", "group.add", users), 4001);
  assert.equal(await origin.call("dan", "group.remove", users), 4001);
  await store.sql`update members set role = 'admin' where user_id = 'bo'`;
  assert.equal(typeof await origin.call("bo", "group.add", users), "object");
  assert.equal(
    await origin.call("bo", "group.remove", { group: "g", members: ["dan", "ana"] }),
    103,
  );
  assert.equal(typeof await origin.call("bo", "group.remove", users), "object");
  assert.deepEqual(await roles(origin, ["ana", "bo", "cy", "dan"]), {
    ana: "owner",
    bo: "admin",
    cy: "member",
    dan: 4001,
  });
});

Deno.test("the last owner leaves last", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  await origin.call("ana", "group.create", { group: "g", members: ["bo"] });
  assert.equal(await origin.call("ana", "group.leave", { group: "g" }), 103);
  assert.equal(await origin.call("ana", "group.remove", { group: "g", members: ["ana"] }), 103);
  assert.equal(typeof await origin.call("bo", "group.leave", { group: "g" }), "object");
  assert.equal(await origin.call("bo", "group.leave", { group: "g" }), 4001);
  assert.equal(typeof await origin.call("ana", "group.leave", { group: "g" }), "object");
  assert.equal(await origin.call("ana", "group.get", { group: "g" }), 4001);
});

Deno.test("whoever has left a group may do nothing in it", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  await origin.call("ana", "group.create", { group: "g", members: ["bo"] });
  await origin.send("bo", { group: "g" });
  await origin.call("ana", "group.remove", { group: "g", members: ["bo"] });
  const message = { to: { group: "g" }, id: "late", body: {} };
  const calls: [string, Record<string, never>][] = [
    ["send", message as never],
    ["history", { conversation: "group:g" } as never],
    ["group.get", { group: "g" } as never],
    ["group.add", { group: "g", members: ["bo"] } as never],
    ["group.leave", { group: "g" } as never],
  ];
  for (const [method, data] of calls) {
    assert.equal(await origin.call("bo", method, data), 4001, method);
    const elsewhere = JSON.parse(
      JSON.stringify(data).replaceAll('"g"', '"none"').replaceAll("group:g", "group:none"),
    );
    assert.equal(await origin.call("bo", method, elsewhere), 4001, `${method} of no group`);
  }
});

Deno.test("a repeat is answered before membership is looked at", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  await origin.call("ana", "group.create", { group: "g", members: ["bo"] });
  const message = { to: { group: "g" }, id: "m", body: {} };
  const sent = await origin.call("bo", "send", message) as object;
  await origin.call("bo", "group.leave", { group: "g" });
  assert.deepEqual(await origin.call("bo", "send", message), { ...sent, duplicate: true });
});

Deno.test("who is in as many groups as one may be comes into no other, and is named", async () => {
  await using store = await stores.store();
  const origin = originOn(store, { maxUserGroups: 2 });
  const errorOf = async (user: string, method: string, data: JsonValue) => {
    const caller = { user: user as UserId, device: "d" as DeviceId };
    const answer = await dispatch(origin.parts, { ...caller, method, data });
    assert.ok("error" in answer);
    return answer.error;
  };
  const first = { group: "g", members: ["bo", "cy"] };
  const made = await origin.call("ana", "group.create", first);
  assert.equal(typeof await origin.call("bo", "group.create", { group: "h" }), "object");
  assert.equal(typeof await origin.call("cy", "group.create", { group: "i" }), "object");
  const named = { code: 4011, message: 'in 2 groups already, the most that one may be: ["bo"]' };
  assert.deepEqual(
    await errorOf("dan", "group.create", { group: "j", members: ["bo", "ana"] }),
    named,
  );
  assert.equal(await origin.call("dan", "group.get", { group: "j" }), 4001);
  assert.equal((await errorOf("bo", "group.create", { group: "j" })).code, 4011);
  await origin.call("dan", "group.create", { group: "j" });
  const all = { group: "j", members: ["cy", "ana", "bo"] };
  assert.match((await errorOf("dan", "group.add", all)).message, /: \["bo","cy"\]$/);
  // Only whoever may add them is told.
  assert.equal(await origin.call("bo", "group.add", all), 4001);
  // Who is in already is passed over, and a group that is made again stays as it is.
  assert.equal(typeof await origin.call("ana", "group.add", first), "object");
  assert.deepEqual(await origin.call("ana", "group.create", first), made);
  await origin.call("bo", "group.leave", { group: "g" });
  assert.deepEqual(await origin.call("ana", "group.create", first), made);
  assert.equal(typeof await origin.call("dan", "group.add", { ...all, members: ["bo"] }), "object");
  assert.equal(await origin.call("ana", "group.add", first), 4011);
});

Deno.test("a group that everybody has left is made again by its creator, and shows nothing of before", async () => {
  await using store = await stores.store();
  const origin = originOn(store);
  const group = "g";
  await origin.call("ana", "group.create", { group, name: "Old", members: ["bo"] });
  const old = await origin.send("ana", { group });
  await origin.call("ana", "group.remove", { group, members: ["bo"] });
  await origin.call("ana", "group.leave", { group });
  assert.equal(await origin.call("bo", "group.create", { group }), 4010);
  const create = { group, name: "New", members: ["cy"] };
  const made = await origin.call("ana", "group.create", create) as { gsid: number };
  assert.ok(made.gsid > old, JSON.stringify(made));
  assert.deepEqual(await origin.call("ana", "group.create", create), made);
  assert.deepEqual(await roles(origin, ["ana", "bo", "cy"]), {
    ana: "owner",
    bo: 4001,
    cy: "member",
  });
  const got = await origin.call("cy", "group.get", { group }) as { name: string; members: number };
  assert.deepEqual([got.name, got.members], ["New", 2]);
  const sent = await origin.send("cy", { group });
  const seen = async (user: string) => {
    const page = await origin.call(user, "history", { conversation: "group:g" });
    return (page as unknown as { events: { gsid: number }[] }).events.map(({ gsid }) => gsid);
  };
  assert.deepEqual(await seen("cy"), [made.gsid, sent]);
  assert.ok((await seen("ana")).includes(old));
  await origin.committer.idle();
  const again = origin.committer.told.find(({ gsid }) => gsid === made.gsid);
  assert.deepEqual([again?.type, again?.inboxes], ["group.created", ["ana", "cy"]]);
});
