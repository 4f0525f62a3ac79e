import assert from "node:assert/strict";
import type { JsonObject } from "shared/event.ts";
import { timeOfGsid } from "shared/gsid.ts";
import type { GroupId, MessageId, UserId } from "shared/ids.ts";
import { storesOfThisFile } from "testing/stores.ts";
import { inTransaction } from "../store/sql.ts";
import { alert, type Body, message } from "./command.ts";
import type { Outcome } from "./command_queue.ts";

const stores = storesOfThisFile();
const ana = "ana" as UserId, bo = "bo" as UserId;

function body(value: JsonObject): Body {
  return { value, text: JSON.stringify(value) };
}

function toBo(id: string, text = "hi") {
  return message(ana, { user: bo }, id as MessageId, body({ text }));
}

function gsidOf(outcome: Outcome): number {
  assert.ok("gsid" in outcome, JSON.stringify(outcome));
  return outcome.gsid;
}

Deno.test("append() stores a message once, and answers each repeat with the same gsid", async () => {
  await using store = await stores.store();
  const one = store.committer(), other = store.committer();
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, n) => (n % 2 ? one : other).append(toBo("m1"))),
  );
  assert.equal(outcomes.filter(({ outcome }) => outcome === "stored").length, 1);
  assert.equal(outcomes.filter(({ outcome }) => outcome === "duplicate").length, 9);
  assert.equal(new Set(outcomes.map(gsidOf)).size, 1);
  assert.equal((await other.append(toBo("m1"))).outcome, "duplicate");
  assert.equal((await other.append(toBo("m1", "another text"))).outcome, "conflict");
  assert.equal((await store.sql`select * from events`).length, 1);
  await Promise.all([one.idle(), other.idle()]);
  assert.equal(one.told.length + other.told.length, 1);
});

Deno.test("append() stores what is empty, alone, quoted or broken into lines as it was given", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const odd = body({ text: '\r\n\\n "x" {a,b} NULL \'\u0001\u2028' });
  const sends = [alert("a1", odd), message(ana, { user: ana }, `"{,}\\` as MessageId, odd)];
  for (const send of sends) assert.equal((await committer.append(send)).outcome, "stored");
  assert.deepEqual([...await store.sql`select sender, fields, inboxes from events order by gsid`], [
    { sender: null, fields: sends[0]!.fields, inboxes: [] },
    { sender: ana, fields: sends[1]!.fields, inboxes: [ana] },
  ]);
  assert.deepEqual([...await store.sql`select sender, id from sent order by gsid`], [
    { sender: "", id: "a1" },
    { sender: ana, id: `"{,}\\` },
  ]);
});

Deno.test("append() compares bodies as JSON values", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const send = (value: JsonObject) =>
    committer.append(message(ana, { user: bo }, "m" as MessageId, body(value)));
  await send({ a: 1, b: [1, 2] });
  assert.equal((await send({ b: [1, 2], a: 1 })).outcome, "duplicate");
  assert.equal((await send({ b: [2, 1], a: 1 })).outcome, "conflict");
});

Deno.test("append() of two bodies under one id at once stores one and refuses the other", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const outcomes = await Promise.all([
    committer.append(toBo("m1", "first")),
    committer.append(toBo("m1", "second")),
    committer.append(toBo("m1", "first")),
  ]);
  assert.deepEqual(outcomes.map(({ outcome }) => outcome), ["stored", "conflict", "duplicate"]);
});

Deno.test("append() chains each conversation by prev, from both sides and across batches", async () => {
  await using store = await stores.store();
  const committer = store.committer({ maxBatch: 3 });
  const sends = Array.from({ length: 10 }, (_, n) => {
    const [from, to] = n % 2 ? [ana, bo] : [bo, ana];
    return committer.append(message(from!, { user: to! }, `m${n}` as MessageId, body({ n })));
  });
  const outcomes = await Promise.all(sends);
  let last = 0;
  for (const outcome of outcomes) {
    assert.equal((outcome as { prev: number }).prev, last);
    assert.ok(gsidOf(outcome) > last);
    last = gsidOf(outcome);
  }
  await committer.idle();
  assert.deepEqual(committer.told.map(({ gsid }) => gsid), outcomes.map(gsidOf));
});

Deno.test("append() tells of an event what the database holds of it", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const before = Date.now();
  await committer.append(toBo("m1"));
  await committer.append(message(ana, { user: ana }, "note" as MessageId, body({})));
  await committer.append(alert("a1", body({ text: "fire" })));
  await committer.idle();
  const stored = await store.sql`
    select gsid, type, conversation, prev, sender, fields, inboxes from events order by gsid`;
  assert.deepEqual(
    committer.told.map(({ membership, members, woke, ...event }) => {
      assert.deepEqual([membership, members, woke], [0, 0, 0]);
      return event;
    }),
    [...stored.map((row) => ({ ...row }))],
  );
  assert.deepEqual(committer.told.map(({ inboxes }) => inboxes), [[ana, bo], [ana], []]);
  const at = timeOfGsid(committer.told[0]!.gsid);
  assert.ok(at >= before - 1 && at <= Date.now() + 1);
});

Deno.test("append() refuses whoever is not in the group, and nobody else of the batch", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const group = "g" as GroupId;
  await committer.change({ change: "create", group, by: ana, members: [] });
  const outcomes = await Promise.all([
    committer.append(message(bo, { group }, "m" as MessageId, body({}))),
    committer.append(message(ana, { group }, "m" as MessageId, body({}))),
    committer.append(message(ana, { group: "none" as GroupId }, "n" as MessageId, body({}))),
  ]);
  assert.deepEqual(outcomes.map(({ outcome }) => outcome), ["stranger", "stored", "stranger"]);
  assert.equal((await committer.append(toBo("n"))).outcome, "stored");
});

Deno.test("append() answers busy beyond the bound of the queue, and late after the deadline", async () => {
  await using store = await stores.store();
  const committer = store.committer({ maxQueued: 2, answerWithinMs: 150 });
  await inTransaction(store.sql, async (sql) => {
    await sql`select lock_log()`;
    const outcomes = await Promise.all(["a", "b", "c"].map((id) => committer.append(toBo(id))));
    assert.deepEqual(outcomes.map(({ outcome }) => outcome), ["late", "late", "busy"]);
  });
  await committer.idle();
  assert.equal((await committer.append(toBo("a"))).outcome, "duplicate");
});

Deno.test("append() counts long messages by their bytes, and forgets those that were answered", async () => {
  await using store = await stores.store();
  const committer = store.committer({ maxQueuedBytes: 1_000, answerWithinMs: 5_000 });
  const outcomes = Promise.all(
    ["m1", "m2", "m3"].map((id) => committer.append(toBo(id, "x".repeat(600)))),
  );
  assert.equal(committer.queued, 2);
  assert.ok(committer.queuedBytes > 1_200);
  assert.deepEqual((await outcomes).map(({ outcome }) => outcome), ["stored", "stored", "busy"]);
  assert.equal(committer.queuedBytes, 0);
});
