import assert from "node:assert/strict";
import type { Caller } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { pushDatabasesOfThisFile } from "testing/push_database.ts";
import { registerDevice } from "./devices.ts";
import { bench } from "./testing.ts";

const pushDatabase = pushDatabasesOfThisFile();
const ben = "ben" as UserId;

Deno.test("a token that was registered again meanwhile is kept", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "back");
  const [before] = await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }])
    .then(() => test.queue.claim(1, 1000));
  const cleo = { user: "cleo", device: "phone" } as Caller;
  await registerDevice(test.database.sql, cleo, { platform: "fcm", token: "back" });
  const pruned = await test.queue.prune(before!.targets[0]!, { kind: "prune", reason: "gone" });
  assert.equal(pruned, false);
  assert.deepEqual(await test.database.tokens(), ["back"]);
});

Deno.test("a token that was registered while the only other one was tried is pushed to", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "old");
  test.recorder.record.plan({ platform: "fcm", token: "old", status: 404, reason: "UNREGISTERED" });
  const { queue } = test;
  const prune = queue.prune;
  queue.prune = async (target, why) => {
    await registerDevice(test.database.sql, { user: ben, device: "new" as never }, {
      platform: "fcm",
      token: "new",
    });
    return await prune(target, why);
  };
  test.start();
  await queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  assert.deepEqual(await test.ended(), ["sent"]);
  assert.deepEqual([test.statuses("old"), test.statuses("new")], [[404], [200]]);
});

for (const platform of ["fcm", "apns"] as const) {
  Deno.test(`${platform}: a phone that changed hands since its token was read is not pushed to`, async () => {
    await using test = await bench(pushDatabase);
    await test.database.target("ben", platform, "phone");
    const { queue } = test, { claim, holds } = queue;
    queue.claim = async (limit, leaseMs) => {
      const jobs = await claim(limit, leaseMs);
      const cleo = { user: "cleo", device: "phone" } as Caller;
      if (jobs.length > 0) {
        await registerDevice(test.database.sql, cleo, { platform, token: "phone" });
      }
      return jobs;
    };
    let failures = 0;
    queue.holds = (user, target) =>
      failures++ === 0 ? Promise.reject(new Error("connection lost")) : holds(user, target);
    test.start({ freshMs: -1 });
    await queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
    assert.deepEqual(await test.ended(), ["dropped: no targets"]);
    assert.deepEqual(test.recorder.record.list(), []);
    assert.ok(test.told.includes("failed confirm Error: connection lost"));
    assert.ok(test.told.includes(`retried ${platform} token moved`));
  });
}

Deno.test("whose a token is is not read again when that was read a moment ago", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "fcm", "f");
  const { queue } = test, { holds } = queue;
  let reads = 0;
  queue.holds = (user, target) => (reads++, holds(user, target));
  test.start({ freshMs: 60_000 });
  await queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  assert.deepEqual([await test.ended(), reads], [["sent"], 0]);
});

Deno.test("apns: a token that was registered after it was gone is kept", async () => {
  await using test = await bench(pushDatabase);
  await test.database.target("ben", "apns", "back");
  const since = Date.now() - 60_000;
  const answer = { platform: "apns", token: "back", status: 410, reason: "Unregistered" } as const;
  test.recorder.record.plan({ ...answer, timestamp: since });
  test.start();
  await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  await test.ended();
  assert.deepEqual(await test.database.tokens(), ["back"]);
  await test.database.sql`update push_targets set registered_at = now() - interval '2 minutes'`;
  await test.queue.enqueue([{ gsid: await test.database.message(), user: ben }]);
  await test.ended();
  assert.deepEqual(await test.database.tokens(), []);
});
