import assert from "node:assert/strict";
import type { UserId } from "shared/ids.ts";
import { pushDatabasesOfThisFile } from "testing/push_database.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import type { Outcome, Platform, PushGateway } from "./gateway/gateway.ts";
import { bench } from "./testing.ts";

const pushDatabase = pushDatabasesOfThisFile();
const ben = "ben" as UserId;

Deno.test("a job is pushed once to each token of its user", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f1");
  await test.database.target("ben", "fcm", "f2");
  await test.database.target("ben", "apns", "a1");
  await test.database.target("cleo", "apns", "a2");
  test.start({ pollMs: 60_000 });
  const gsid = await test.database.message({ text: "lunch?" });
  await test.queue.enqueue([{ gsid, user: ben }]);
  await test.queue.enqueue([{ gsid, user: ben }]);
  assert.deepEqual(await test.ended(), ["sent"]);
  await test.stop();
  const pushes = test.recorder.record.list();
  assert.deepEqual(pushes.map((push) => push.token).sort(), ["a1", "f1", "f2"]);
  assert.ok(pushes.every((push) => push.user === "ben" && push.gsid === gsid));
  assert.ok(pushes.every((push) => push.conversation === "dm:ana:ben"));
  assert.deepEqual(test.told.sort(), ["sent apns", "sent fcm", "sent fcm"]);
});

const PERMANENT: [Platform, number, string][] = [
  ["fcm", 404, "UNREGISTERED"],
  ["fcm", 403, "SENDER_ID_MISMATCH"],
  ["fcm", 400, "INVALID_ARGUMENT"],
  ["apns", 410, "Unregistered"],
  ["apns", 410, "ExpiredToken"],
  ["apns", 400, "BadDeviceToken"],
  ["apns", 400, "DeviceTokenNotForTopic"],
];
for (const [platform, status, reason] of PERMANENT) {
  Deno.test(`${platform}: ${reason} removes that token at once, and no other`, async () => {
    await using test = await bench(pushDatabase);
    await test.database.target("ben", platform, "bad");
    await test.database.target("ben", platform, "good");
    await test.database.target("cleo", platform, "other");
    test.recorder.record.plan({ platform, token: "bad", status, reason });
    test.start();
    await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
    assert.deepEqual(await test.ended(), ["sent"]);
    assert.deepEqual(await test.database.tokens(), ["good", "other"]);
    assert.deepEqual(test.statuses("bad"), [status]);
    assert.deepEqual(test.statuses("good"), [200]);
    assert.ok(test.told.includes(`pruned ${platform} ${reason}`));
  });
}

const PASSING: [Platform, number, string][] = [
  ["fcm", 503, "UNAVAILABLE"],
  ["fcm", 500, "INTERNAL"],
  ["fcm", 429, "QUOTA_EXCEEDED"],
  ["apns", 503, "ServiceUnavailable"],
  ["apns", 500, "InternalServerError"],
  ["apns", 429, "TooManyRequests"],
];
for (const [platform, status, reason] of PASSING) {
  Deno.test(`${platform}: ${status} ${reason} keeps the token and repeats only that push`, async () => {
    await using test = await bench(pushDatabase);
    await test.database.target("ben", platform, "busy");
    await test.database.target("ben", platform, "free");
    const plan = { platform, token: "busy", status, reason, times: 2, retryAfterS: 0 };
    test.recorder.record.plan(plan);
    test.start();
    await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
    assert.deepEqual(await test.ended(), ["sent"]);
    assert.deepEqual(test.statuses("busy"), [status, status, 200]);
    assert.deepEqual(test.statuses("free"), [200]);
    assert.deepEqual(await test.database.tokens(), ["busy", "free"]);
  });

  Deno.test(`${platform}: ${status} ${reason} waits as long as Retry-After says`, async () => {
    await using test = await bench(pushDatabase);
    await test.database.target("ben", platform, "busy");
    test.recorder.record.plan({ platform, token: "busy", status, reason, retryAfterS: 600 });
    test.start();
    await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
    await waitUntil(() => test.statuses("busy").length > 0 || undefined, {
      what: "the first try",
      withinMs: 5_000,
    });
    await test.stop();
    const [job] = await test.database.sql`
      select extract(epoch from due_at - now())::float8 as wait_s, reason from push_jobs`;
    assert.ok(job!["wait_s"] > 590 && job!["wait_s"] < 670, `waits ${job!["wait_s"]} s`);
    assert.equal(job!["reason"], reason);
    assert.deepEqual(test.statuses("busy"), [status]);
  });
}

Deno.test("what was received meanwhile is not pushed", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  const seen = await test.database.message(), unseen = await test.database.message();
  test.reached.set(ben, seen);
  test.start();
  await test.queue.enqueue([{ gsid: seen, user: ben }, { gsid: unseen, user: ben }]);
  assert.deepEqual(await test.ended(), ["dropped: received", "sent"]);
  assert.deepEqual(test.recorder.record.list().map((push) => push.gsid), [unseen]);
});

Deno.test("a job whose event has grown too old ends as a dead letter", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  test.start();
  const gsid = await test.database.message({ ageMs: 25 * 3_600_000 });
  await test.queue.enqueue([{ gsid, user: ben }]);
  assert.deepEqual(await test.ended(), ["dead: expired: late"]);
  assert.deepEqual(test.recorder.record.list(), []);
});

Deno.test("a late push gives way to a newer one of the same conversation, once that is made", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  const old = await test.database.message({ ageMs: 120_000 });
  const elsewhere = await test.database.message({ ageMs: 119_000, conversation: "group:g" });
  const fresh = await test.database.message();
  test.start();
  await test.queue.enqueue([elsewhere, fresh].map((gsid) => ({ gsid, user: ben })));
  assert.deepEqual(await test.ended(), ["sent", "sent"]);
  await test.queue.enqueue([{ gsid: old, user: ben }]);
  assert.deepEqual(await test.ended(), ["dropped: superseded", "sent", "sent"]);
});

Deno.test("a late push does not give way to a newer one that is never made", async () => {
  await using test = await bench(pushDatabase);
  const { sql } = test.database;
  await test.database.target("ben", "fcm", "f");
  const old = await test.database.message({ ageMs: 120_000 });
  const own = await test.database.message({ from: "ben" });
  await test.queue.enqueue([old, own].map((gsid) => ({ gsid, user: ben })));
  test.start();
  await waitUntil(async () => {
    const [first, second] = await test.database.outcomes();
    return first !== undefined && first !== "open" || second !== "open" || undefined;
  }, { what: "the newer job to end", withinMs: 10_000 });
  // The older one has waited for it.
  await sql`update push_jobs set due_at = now() where due_at is not null`;
  assert.deepEqual(await test.ended(), ["sent", "dropped: own message"]);
});

Deno.test("an event that is no message, or gone, is not pushed", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  const alert = await test.database.message({ type: "alert" });
  test.start();
  await test.queue.enqueue([{ gsid: 16, user: ben }, { gsid: alert, user: ben }]);
  assert.deepEqual(await test.ended(), ["dropped: event gone", "dropped: not a message"]);
});

Deno.test("a user without a token costs no job", async () => {
  await using test = await bench(pushDatabase);
  await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  assert.deepEqual(await test.database.outcomes(), []);
});

Deno.test("two workers share the jobs, and each push is sent once", async () => {
  await using test = await bench(pushDatabase);
  const users = Array.from({ length: 300 }, (_, n) => `u${n}` as UserId);
  await test.database.sql`insert into push_targets (platform, token, user_id, device)
    select 'apns', 't' || n, 'u' || n, 'd' from generate_series(0, 299) n`;
  test.start({ maxJobs: 20 });
  test.start({ maxJobs: 20 });
  const gsid = await test.database.message();
  await test.queue.enqueue(users.map((user) => ({ gsid, user })));
  assert.deepEqual(new Set(await test.ended()), new Set(["sent"]));
  const tokens = test.recorder.record.list().map((push) => push.token);
  assert.equal(tokens.length, 300);
  assert.equal(new Set(tokens).size, 300);
});

Deno.test("a job of a worker that died comes back when its lease runs out", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  const [lost] = await test.queue.claim(10, 50);
  test.start();
  assert.deepEqual(await test.ended(), ["sent"]);
  await test.queue.record([[lost!, { kind: "again", afterMs: 0, progress: {}, reason: "late" }]]);
  assert.deepEqual(await test.database.outcomes(), ["sent"]);
});

Deno.test("a worker whose lease ran out changes nothing any more", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  const [late] = await test.queue.claim(10, 0);
  const [owned] = await test.queue.claim(10, 60_000);
  assert.deepEqual([late!.attempt, owned!.attempt], [1, 2]);
  const dead = { kind: "ended", outcome: "dead", progress: {}, reason: "late" } as const;
  await test.queue.record([[late!, dead]]);
  assert.deepEqual(await test.database.outcomes(), ["open"]);
  await test.queue.record([[owned!, { ...dead, outcome: "sent", reason: "" }]]);
  await test.queue.record([[late!, dead]]);
  assert.deepEqual(await test.database.outcomes(), ["sent"]);
});

Deno.test("a job that was sent but not recorded is not sent twice by the same worker", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  const { queue } = test;
  const record = queue.record;
  let failures = 0;
  queue.record = (verdicts) =>
    failures++ === 0 ? Promise.reject(new Error("connection lost")) : record(verdicts);
  test.start({ leaseMs: 2_000 });
  await queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  assert.deepEqual(await test.ended(), ["sent"]);
  assert.deepEqual(test.statuses("f"), [200]);
  assert.ok(test.told.includes("failed record Error: connection lost"));
});

Deno.test("a worker that stops lets sends end, gives up those that hang, and records both", async () => {
  await using test = await bench(pushDatabase);
  for (const user of ["ben", "cleo"]) await test.database.target(user, "fcm", `of-${user}`);
  const inFlight = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<Outcome>();
  let sends = 0;
  const hanging: PushGateway = {
    platform: "fcm",
    send(target, _note, signal) {
      if (++sends === 2) inFlight.resolve();
      if (target.token === "of-ben") return finish.promise;
      const stopped: Outcome = { kind: "retry", reason: "stopped", scope: "target" };
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(stopped)));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  (test.gateways as Map<Platform, PushGateway>).set("fcm", hanging);
  test.start({ graceMs: 50 });
  const gsid = await test.database.message();
  await test.queue.enqueue([{ gsid, user: ben }, { gsid, user: "cleo" as UserId }]);
  await inFlight.promise;
  const stopping = test.stop();
  finish.resolve({ kind: "sent" });
  await stopping;
  assert.deepEqual(await test.database.outcomes(), ["sent", "open"]);
  const [left] = await test.database.sql`select reason from push_jobs where user_id = 'cleo'`;
  assert.equal(left!["reason"], "stopped");
});

Deno.test("tokens of a platform that is not configured stay, and their jobs are dropped", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "apns", "a");
  (test.gateways as Map<Platform, unknown>).delete("apns");
  test.start();
  await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  assert.deepEqual(await test.ended(), ["dropped: not configured"]);
  assert.deepEqual(await test.database.tokens(), ["a"]);
  assert.deepEqual(test.told, ["dropped not configured"]);
});

Deno.test("when every token is called bad, most are kept and the operator is told once", async () => {
  await using test = await bench(pushDatabase);
  const users = Array.from({ length: 60 }, (_, n) => `u${n}` as UserId);
  for (const user of users) {
    await test.database.target(user, "apns", `t-${user}`);
    test.recorder.record.plan({
      platform: "apns",
      token: `t-${user}`,
      status: 400,
      reason: "DeviceTokenNotForTopic",
    });
  }
  test.start();
  const gsid = await test.database.message();
  await test.queue.enqueue(users.map((user) => ({ gsid, user })));
  await waitUntil(() => test.recorder.record.list().length >= 60 || undefined, {
    what: "every token to be tried",
    withinMs: 10_000,
  });
  await test.stop();
  assert.equal((await test.database.tokens()).length, 51);
  assert.deepEqual(test.told.filter((line) => line.startsWith("alarm")), [
    "alarm apns DeviceTokenNotForTopic",
  ]);
});

Deno.test("jobs that ended are deleted once the late check has passed them", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  test.start();
  const first = await test.database.message(), second = await test.database.message();
  await test.queue.enqueue([{ gsid: first, user: ben }, { gsid: second, user: ben }]);
  await test.ended();
  const keep = { endedMs: 0, deadMs: 0 };
  assert.equal(await test.queue.cleanUp(keep), 0);
  await test.database.sql`update audit set checked = ${first}`;
  assert.equal(await test.queue.cleanUp({ endedMs: 60_000, deadMs: 0 }), 0);
  assert.equal(await test.queue.cleanUp(keep), 1);
  assert.deepEqual(await test.database.outcomes(), ["sent"]);
});
