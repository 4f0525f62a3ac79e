import assert from "node:assert/strict";
import type { CommittedEvent } from "../commit/committed.ts";
import { decodeLive } from "shared/bus/live.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { type Presence, UNKNOWN } from "../presence/interpret.ts";
import type { JobKey } from "../push/job.ts";
import { FanOut, type FanOutOptions, MAX_STORING } from "./fan_out.ts";

const BEN = "ben" as UserId;

function note(gsid: number): CommittedEvent {
  return {
    gsid,
    type: "message",
    conversation: "dm:ana:ben" as ConversationId,
    prev: 0,
    fields: '{"id":"m","from":"ana","body":{}}',
    inboxes: [BEN],
    sender: "ana" as UserId,
    membership: 0,
    members: 0,
    woke: 0,
  };
}

function fanOutWith(options: Partial<FanOutOptions>) {
  const published: [string, number, string | undefined][] = [];
  const pushed: JobKey[] = [];
  const events: string[] = [];
  const wakes: number[] = [];
  const fanOut = new FanOut({
    bus: {
      publish: (subject, data, { messageId } = {}) =>
        void published.push([subject, decodeLive(data)!.gsid, messageId]),
    },
    audiences: { of: () => Promise.resolve([]) },
    presence: { lookup: (users) => Promise.resolve(new Map(users.map((user) => [user, UNKNOWN]))) },
    enqueuePushes: (jobs) => Promise.resolve(void pushed.push(...jobs)),
    enqueuePages: () => Promise.resolve(),
    events: {
      done({ events: count, wakes: copies }) {
        events.push(`done ${count}`);
        wakes.push(copies);
      },
      dropped: (what, count) => events.push(`dropped ${what} ${count}`),
      failed: (what, error) => events.push(`failed ${what}: ${(error as Error).message}`),
    },
    nowMs: () => 0,
    ...options,
  });
  return { fanOut, published, pushed, events, wakes };
}

Deno.test("accept() publishes with a message id of gsid and subject, and pushes", async () => {
  const { fanOut, published, pushed } = fanOutWith({});
  fanOut.accept([note(16)]);
  await fanOut.idle();
  assert.deepEqual(published, [["chat.user-inbox.ben", 16, "16:chat.user-inbox.ben"]]);
  assert.deepEqual(pushed, [{ gsid: 16, user: BEN }]);
});

Deno.test("a wake copy shares no message id with what else a member's inbox gets of the event", async () => {
  const { fanOut, published, wakes } = fanOutWith({
    audiences: { of: () => Promise.resolve([BEN]) },
  });
  const gsid = 48;
  const inClub = { conversation: "group:club" as ConversationId, membership: 16, members: 1 };
  fanOut.accept([{ ...note(gsid), ...inClub, inboxes: [], woke: gsid }]);
  await fanOut.idle();
  assert.deepEqual(published, [
    ["chat.group-chat.club", gsid, `${gsid}:chat.group-chat.club`],
    ["chat.user-inbox.ben", gsid, `${gsid}:wake:chat.user-inbox.ben`],
  ]);
  assert.deepEqual(wakes, [1]);
});

Deno.test("accept() keeps the order of batches, though a later lookup answers first", async () => {
  const lookups: PromiseWithResolvers<Map<UserId, Presence>>[] = [];
  const { fanOut, published } = fanOutWith({
    presence: {
      lookup() {
        lookups.push(Promise.withResolvers());
        return lookups.at(-1)!.promise;
      },
    },
  });
  fanOut.accept([note(16)]);
  fanOut.accept([note(32)]);
  while (lookups.length < 2) await Promise.resolve();
  lookups[1]!.resolve(new Map());
  await Promise.resolve();
  assert.equal(published.length, 0);
  lookups[0]!.resolve(new Map());
  await fanOut.idle();
  assert.deepEqual(published.map(([, gsid]) => gsid), [16, 32]);
});

Deno.test("accept() gathers what is committed while many lookups are under way", async () => {
  const go = Promise.withResolvers<Map<UserId, Presence>>();
  let lookups = 0;
  const { fanOut, published } = fanOutWith({
    presence: {
      lookup() {
        lookups++;
        return go.promise;
      },
    },
  });
  for (let n = 1; n <= 100; n++) fanOut.accept([note(16 * n)]);
  go.resolve(new Map());
  await fanOut.idle();
  assert.equal(lookups, 9);
  assert.deepEqual(
    published.map(([, gsid]) => gsid),
    Array.from({ length: 100 }, (_, n) => 16 * (n + 1)),
  );
});

Deno.test("accept() drops and counts what is beyond its backlog", async () => {
  const go = Promise.withResolvers<Map<UserId, Presence>>();
  const { fanOut, events } = fanOutWith({ presence: { lookup: () => go.promise } });
  for (let n = 0; n < 8; n++) fanOut.accept([note(16)]);
  fanOut.accept(Array(20_000).fill(note(16)));
  fanOut.accept([note(32)]);
  assert.deepEqual(events, ["dropped event 1"]);
  assert.deepEqual([fanOut.backlog.events, fanOut.backlog.lookups], [20_000, 8]);
  go.resolve(new Map());
  await fanOut.idle();
  assert.deepEqual(fanOut.backlog, { events: 0, bytes: 0, lookups: 0, storing: 0 });
});

Deno.test("accept() counts long messages by their bytes", async () => {
  const go = Promise.withResolvers<Map<UserId, Presence>>();
  const { fanOut, events } = fanOutWith({ presence: { lookup: () => go.promise } });
  for (let n = 0; n < 8; n++) fanOut.accept([note(16)]);
  const long = { ...note(16), fields: "x".repeat(16 * 1024) };
  for (let n = 0; n < 5_000; n++) fanOut.accept([long]);
  assert.equal(fanOut.backlog.bytes, 64 * 1024 * 1024);
  assert.equal(events.length, 5_000 - 4_096);
  go.resolve(new Map());
  await fanOut.idle();
  assert.equal(fanOut.backlog.bytes, 0);
});

Deno.test("a batch that fails, or pushes that are not stored, stop nothing", async () => {
  let broken = true;
  const { fanOut, published, events } = fanOutWith({
    audiences: { of: () => broken ? Promise.reject(new Error("odd")) : Promise.resolve([]) },
    enqueuePushes: () => Promise.reject(new Error("no database")),
  });
  fanOut.accept([note(16)]);
  await fanOut.idle();
  broken = false;
  fanOut.accept([note(32)]);
  await fanOut.idle();
  assert.deepEqual(published.map(([, gsid]) => gsid), [32]);
  assert.deepEqual(events, ["failed fan_out: odd", "done 1", "failed push: no database"]);
});

Deno.test("each fast path can be switched off", async () => {
  const { fanOut, published, pushed } = fanOutWith({ paths: { live: false, push: false } });
  fanOut.accept([note(16)]);
  await fanOut.idle();
  assert.deepEqual([published, pushed], [[], []]);
});

Deno.test("accept() leaves push jobs to the late check while so many are being stored", async () => {
  const go = Promise.withResolvers<void>();
  const { fanOut, events } = fanOutWith({ enqueuePushes: () => go.promise });
  for (let n = 1; n <= MAX_STORING + 1; n++) {
    fanOut.accept([note(16 * n)]);
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(fanOut.backlog.storing, MAX_STORING);
  assert.equal(events.filter((event) => event === "dropped push 1").length, 1);
  go.resolve();
  await fanOut.idle();
  assert.equal(fanOut.backlog.storing, 0);
});
