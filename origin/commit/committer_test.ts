import assert from "node:assert/strict";
import type { JsonObject } from "shared/event.ts";
import { timeOfGsid } from "shared/gsid.ts";
import type { GroupId, MessageId, UserId } from "shared/ids.ts";
import { systemTurns } from "shared/turns.ts";
import { storesOfThisFile } from "testing/stores.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { inTransaction, type Sql } from "../store/sql.ts";
import { alert, type Body, message } from "./command.ts";
import type { Outcome } from "./command_queue.ts";
import type { Committer } from "./committer.ts";

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

/** In an array, for what is awaited cannot come before the lock is gone. */
function whileLocked<T>(sql: Sql, work: () => Promise<T[]>): Promise<T[]> {
  return inTransaction(sql, async (transaction) => {
    await transaction`lock table events in access exclusive mode`;
    return await work();
  });
}

/** `committer` has begun all that it was given. */
function begun(committer: Committer): Promise<unknown> {
  const isSo = () => committer.queued === 0 || undefined;
  return waitUntil(isSo, { what: "all to be in flight", withinMs: 20_000 });
}

async function answers(asked: Promise<Outcome>[]): Promise<Outcome[]> {
  const told: Outcome[] = [];
  asked.forEach((one, n) => void one.then((outcome) => told[n] = outcome));
  const isSo = () => asked.every((_, n) => told[n]) || undefined;
  await waitUntil(isSo, { what: "all to be answered", withinMs: 20_000 });
  return told;
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
  assert.deepEqual(outcomes.map(({ outcome }) => outcome), ["duplicate", "conflict", "stored"]);
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

Deno.test("what is asked for again while a table is locked takes one transaction, and answers all", async () => {
  await using store = await stores.store();
  const committed: number[] = [], joined: number[] = [];
  const committer = store.committer({
    answerWithinMs: 20_000,
    onBatch: ({ commands }) => committed.push(commands),
    onJoined: (askings) => joined.push(askings),
  });
  const asked = await whileLocked(store.sql, async () => {
    const inFlight = committer.append(toBo("m"));
    await begun(committer);
    const others = [toBo("n"), toBo("n"), toBo("m"), toBo("m"), toBo("n", "other")];
    const all = [inFlight, ...others.map((one) => committer.append(one))];
    assert.deepEqual([committer.queued, committer.joined], [3, 2]);
    return all;
  });
  const told = (await answers(asked)).map(({ outcome }) => outcome);
  assert.deepEqual(told, ["stored", "duplicate", "stored", "duplicate", "duplicate", "conflict"]);
  assert.deepEqual(committed, [1, 1, 1]);
  assert.deepEqual(joined, [1, 1, 1]);
  assert.equal((await store.sql`select * from events`).length, 2);
});

Deno.test("whoever asks again is answered, though the time of the first asking is over", async () => {
  await using store = await stores.store();
  let passedMs = 0;
  const turns = { ...systemTurns, nowMs: () => systemTurns.nowMs() + passedMs };
  const committer = store.committer({ turns, answerWithinMs: 60_000 });
  const again = await whileLocked(store.sql, async () => {
    const first = [committer.append(toBo("in flight"))];
    await begun(committer);
    first.push(committer.append(toBo("waits")));
    passedMs += 40_000;
    const again = ["in flight", "waits"].map((id) => committer.append(toBo(id)));
    passedMs += 40_000;
    const told = (await answers(first)).map(({ outcome }) => outcome);
    assert.deepEqual(told, ["late", "late"]);
    return again;
  });
  const told = new Set((await answers(again)).map(gsidOf));
  const stored = await store.sql<{ gsid: number }[]>`select gsid from events`;
  assert.equal(stored.length, 2);
  assert.deepEqual(new Set(stored.map(({ gsid }) => gsid)), told);
});

Deno.test("a clock that is set while a command waits does not make it late", async () => {
  await using store = await stores.store();
  let setByMs = 0, rounds = 0;
  const later: typeof systemTurns.later = (task, delayMs) =>
    systemTurns.later(() => (rounds++, task()), delayMs);
  const committer = store.committer({
    wallMs: () => Date.now() + setByMs,
    turns: { ...systemTurns, later },
    answerWithinMs: 60_000,
  });
  const [sent] = await whileLocked(store.sql, async () => {
    const asked = committer.append(toBo("m"));
    await begun(committer);
    setByMs = 3_600_000;
    const seen = rounds + 2;
    await waitUntil(() => rounds >= seen || undefined, { what: "looks", withinMs: 20_000 });
    return [asked];
  });
  assert.equal((await sent!).outcome, "stored");
});
