import assert from "node:assert/strict";
import { testDatabase } from "testing/database.ts";
import { testNatsOfRoles } from "testing/nats.ts";
import { startTestProgram } from "testing/program.ts";
import { testRedis } from "testing/redis.ts";
import { asOrigin, prepareSchema } from "testing/schema.ts";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { startPushRecorder } from "../scripts/services/push_recorder/push_recorder.ts";
import { connectNats } from "shared/bus/nats.ts";
import {
  type Answer,
  type Call,
  decodeMessage,
  encodeMessage,
  REQUEST,
} from "shared/bus/requests.ts";
import { settingsOf } from "shared/config/read.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import denoJson from "../deno.json" with { type: "json" };
import { readOrigin } from "./config.ts";

const API_KEY = "k".repeat(32);
const NOWHERE = {
  DATABASE_URL: "postgres://127.0.0.1:1/none",
  NATS_URL: "nats://127.0.0.1:1",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1",
  UPSTASH_REDIS_REST_TOKEN: "token",
  API_KEY,
  PORT: "0",
  INTERNAL_PORT: "0",
};

Deno.test("the origin may look at the variables that it reads, and at no others", () => {
  const allowed = /--allow-env=(\S+)/.exec(denoJson.tasks.origin.command)?.[1]?.split(",");
  assert.deepEqual(allowed, settingsOf(readOrigin).map(({ name }) => name));
});

Deno.test("the origin runs with its own permissions, pushes, and ends with 0 on SIGTERM", async () => {
  await using database = await testDatabase({ prepare: prepareSchema });
  await using nats = await testNatsOfRoles();
  await using redis = testRedis();
  await using recorder = await startPushRecorder();
  await using origin = startTestProgram("origin", {
    ...NOWHERE,
    DATABASE_URL: asOrigin(database.url),
    ...nats.settingsOf("origin"),
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.readOnlyToken,
    ...recorder.env,
  });
  const { port, internalPort } = (await origin.line("The origin is up")).fields;
  const ready = await fetch(`http://127.0.0.1:${internalPort}/ready`);
  assert.deepEqual((await ready.json()).checks.map((check: { ok: boolean }) => check.ok), [
    true,
    true,
    true,
  ]);

  await using bus = await connectNats({
    ...nats.optionsOf("edge"),
    name: "test",
    onError: () => {},
  });
  for (const platform of ["fcm", "apns"]) {
    const call = encodeMessage<Call>({
      user: "ben" as UserId,
      device: "phone" as DeviceId,
      method: "device.register",
      data: { platform, token: `${platform}0token` },
    });
    const answer = decodeMessage<Answer & { v: 1 }>(await bus.request(REQUEST.call, call, 4_000));
    assert.ok("result" in answer);
  }
  const sent = await fetch(`http://127.0.0.1:${port}/api/send`, {
    method: "POST",
    headers: { "x-api-key": API_KEY, "content-type": "application/json" },
    body: JSON.stringify({ user: "ana", to: { user: "ben" }, id: "m1", body: { text: "hello" } }),
  });
  const { result } = await sent.json();
  const pushes = await waitUntil(async () => {
    const pushes = await (await fetch(`${recorder.url}/pushes`)).json();
    return pushes.length === 2 ? pushes : undefined;
  }, { what: "both pushes", withinMs: 15_000, everyMs: 50 });
  for (const push of pushes) {
    assert.deepEqual([push.user, push.conversation, Number(push.gsid), push.status], [
      "ben",
      "dm:ana:ben",
      result.gsid,
      200,
    ]);
  }

  origin.signal("SIGTERM");
  assert.equal((await origin.status).code, 0);
});

Deno.test("the origin ends with 0 on SIGTERM while it still waits for its servers", async () => {
  await using origin = startTestProgram("origin", NOWHERE);
  await origin.line("The database cannot be reached yet");
  origin.signal("SIGTERM");
  assert.equal((await origin.status).code, 0);
});

Deno.test("the origin makes no table: it ends with 1 and says who does", async () => {
  await using database = await testDatabase();
  await using nats = await testNatsOfRoles();
  await using origin = startTestProgram("origin", {
    ...NOWHERE,
    DATABASE_URL: database.url,
    ...nats.settingsOf("origin"),
  });
  const { fields } = await origin.line("The origin cannot go on");
  assert.match(
    JSON.stringify(fields.error),
    /Cannot use the database: 0001_core\.sql has not run; .* What helps: deno task migrate/,
  );
  assert.equal((await origin.status).code, 1);
});

Deno.test("the origin names every fault of its settings, and ends with 2", async () => {
  await using origin = startTestProgram("origin", {
    NATS_URL: "nats://127.0.0.1:1",
    API_KEY: "short",
    FAST_PATHS: "live,none,some",
    APNS_KEY: "no key",
  });
  const { message } = await origin.line("Cannot read the configuration");
  for (const name of ["API_KEY", "DATABASE_URL", "UPSTASH_REDIS_REST_URL", "FAST_PATHS"]) {
    assert.match(message, new RegExp(`^  ${name} must`, "m"));
  }
  assert.match(message, /APNS_KEY_ID must be set beside APNS_KEY/);
  assert.equal((await origin.status).code, 2);
});
