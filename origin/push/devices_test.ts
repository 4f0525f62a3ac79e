import assert from "node:assert/strict";
import type { JsonValue } from "shared/event.ts";
import type { Caller } from "shared/bus/requests.ts";
import { pushDatabasesOfThisFile } from "testing/push_database.ts";
import { MAX_TOKEN_LENGTH, MAX_TOKENS, registerDevice, unregisterDevice } from "./devices.ts";

const pushDatabase = pushDatabasesOfThisFile();
const ana = { user: "ana", device: "phone" } as Caller;
const ben = { user: "ben", device: "tablet" } as Caller;

Deno.test("registerDevice() gives a token to the last user who registered it", async () => {
  await using database = await pushDatabase();
  const { sql } = database;
  const data = { platform: "fcm", token: "shared", app: "chat" };
  assert.deepEqual(await registerDevice(sql, ana, data), { result: {} });
  assert.deepEqual(await registerDevice(sql, ben, data), { result: {} });
  const rows = await sql`select user_id, device, app from push_targets`;
  assert.deepEqual([...rows], [{ user_id: "ben", device: "tablet", app: "chat" }]);
});

Deno.test("registerDevice() keeps the newest tokens of a user, whoever registers at once", async () => {
  await using database = await pushDatabase();
  const { sql } = database;
  await registerDevice(sql, ben, { platform: "apns", token: "bens" });
  await registerDevice(sql, ana, { platform: "apns", token: "oldest" });
  await registerDevice(sql, ana, { platform: "apns", token: "again" });
  await Promise.all(
    Array.from(
      { length: MAX_TOKENS - 1 },
      (_, n) => registerDevice(sql, ana, { platform: "fcm", token: `t${n}` }),
    ),
  );
  const tokens = await database.tokens();
  assert.equal(tokens.length, MAX_TOKENS + 1);
  assert.ok(tokens.includes("again") && tokens.includes("bens") && !tokens.includes("oldest"));
});

Deno.test("registerDevice() refuses what is no registration, and names the field", async () => {
  await using database = await pushDatabase();
  const refused: [JsonValue, string][] = [
    [null, "data must be an object"],
    [[], "data must be an object"],
    [{ token: "t" }, 'platform must be "fcm" or "apns"'],
    [{ platform: "webpush", token: "t" }, 'platform must be "fcm" or "apns"'],
    [{ platform: "toString", token: "t" }, 'platform must be "fcm" or "apns"'],
    [{ platform: "fcm" }, "token must be a string that is not empty"],
    [{ platform: "fcm", token: "" }, "token must be a string that is not empty"],
    [{ platform: "fcm", token: 7 }, "token must be a string that is not empty"],
    [{ platform: "fcm", token: "a b" }, "token must be printable ASCII without spaces"],
    [{ platform: "apns", token: ".." }, "token must be printable ASCII without spaces"],
    [{ platform: "apns", token: "t\u0000" }, "token must be printable ASCII without spaces"],
    [
      { platform: "fcm", token: "t".repeat(MAX_TOKEN_LENGTH + 1) },
      `token must be at most ${MAX_TOKEN_LENGTH} characters`,
    ],
    [{ platform: "fcm", token: "t", app: 7 }, "app must be a string"],
  ];
  for (const [data, message] of refused) {
    for (const act of [registerDevice, unregisterDevice]) {
      assert.deepEqual(await act(database.sql, ana, data), { error: { code: 107, message } });
    }
  }
  assert.deepEqual(await database.tokens(), []);
});

Deno.test("unregisterDevice() removes the caller's token and nobody else's", async () => {
  await using database = await pushDatabase();
  const { sql } = database;
  await registerDevice(sql, ana, { platform: "fcm", token: "anas" });
  await registerDevice(sql, ben, { platform: "fcm", token: "bens" });
  for (const token of ["anas", "bens", "nobodys"]) {
    assert.deepEqual(await unregisterDevice(sql, ana, { platform: "fcm", token }), { result: {} });
  }
  assert.deepEqual(await database.tokens(), ["bens"]);
});
