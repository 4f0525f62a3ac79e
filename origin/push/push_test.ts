import assert from "node:assert/strict";
import { Registry } from "prom-client";
import type { UserId } from "shared/ids.ts";
import { type LogFields, SILENT_LOG } from "shared/log.ts";
import { pushDatabasesOfThisFile } from "testing/push_database.ts";
import { pushConfigFor } from "testing/push_gateways.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { startPushRecorder } from "../../scripts/services/push_recorder/push_recorder.ts";
import { startPush } from "./push.ts";

const pushDatabase = pushDatabasesOfThisFile();

Deno.test("startPush() pushes what is enqueued, counts it, and shows no token", async () => {
  await using database = await pushDatabase();
  await using recorder = await startPushRecorder();
  for (const token of ["fcm-token", "fcm-gone"]) await database.target("ben", "fcm", token);
  await database.target("ben", "apns", "apns-token");
  recorder.record.plan({ platform: "fcm", token: "fcm-gone", status: 404, reason: "UNREGISTERED" });
  const registry = new Registry();
  const lines: string[] = [];
  const log = (message: string, fields: LogFields = {}) =>
    void lines.push(message + JSON.stringify(fields));
  await using push = startPush({
    sql: database.sql,
    registry,
    log: { ...SILENT_LOG, warning: log, error: log },
    config: pushConfigFor(recorder),
    readText: Deno.readTextFileSync,
    reached: () => 0,
  });
  await push.queue.enqueue([{ gsid: await database.message(), user: "ben" as UserId }]);
  await waitUntil(async () => (await database.outcomes())[0] === "sent" || undefined, {
    what: "the push",
    withinMs: 5_000,
  });
  const shown = await registry.metrics();
  for (
    const line of [
      'fanfare_push_sent_total{platform="fcm"} 1',
      'fanfare_push_sent_total{platform="apns"} 1',
      'fanfare_push_pruned_total{platform="fcm",reason="UNREGISTERED"} 1',
      "fanfare_push_backlog_jobs 0",
    ]
  ) assert.ok(shown.includes(line), line);
  assert.doesNotMatch(shown + lines.join("\n"), /fcm-|apns-|hello|ben/);
});
