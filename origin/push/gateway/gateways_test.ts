import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { gsidAt } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { testGateways } from "testing/push_gateways.ts";
import { waitUntil } from "../../../scripts/services/wait_until.ts";
import { noteOf } from "../note.ts";
import type { Platform } from "./gateway.ts";

const NEVER = new AbortController().signal;
const STILL = () => Promise.resolve(true);
const CERTIFICATES = fileURLToPath(
  new URL("../../../scripts/services/push_recorder/certificates", import.meta.url),
);
const PLATFORMS: Platform[] = ["fcm", "apns"];

function someNote(gsid = gsidAt(Date.now())) {
  const event = {
    gsid,
    conversation: "dm:ana:ben" as ConversationId,
    fields: JSON.stringify({ id: "m1", from: "ana", body: { text: "hello" } }),
  };
  return noteOf(event, "ben" as UserId, 86_400_000);
}

for (const platform of PLATFORMS) {
  Deno.test(`${platform}: send() delivers a note with its data fields`, async () => {
    await using test = await testGateways();
    const note = someNote();
    const outcome = await test.gateways.get(platform)!.send(
      { platform, token: "t:1" },
      note,
      NEVER,
      STILL,
    );
    assert.deepEqual(outcome, { kind: "sent" });
    const [push, ...rest] = test.recorder.record.list();
    assert.equal(rest.length, 0);
    assert.deepEqual(
      [push!.platform, push!.token, push!.user, push!.conversation, push!.gsid, push!.status],
      [platform, "t:1", "ben", "dm:ana:ben", note.gsid, 200],
    );
    assert.match(JSON.stringify(push!.payload), /hello/);
  });

  Deno.test(`${platform}: send() makes no request once the token has moved on`, async () => {
    await using test = await testGateways();
    const gateway = test.gateways.get(platform)!;
    const outcome = await gateway.send(
      { platform, token: "t:1" },
      someNote(),
      NEVER,
      () => Promise.resolve(false),
    );
    assert.deepEqual(outcome, { kind: "retry", reason: "token moved", scope: "target" });
    assert.deepEqual(test.recorder.record.list(), []);
  });

  Deno.test(`${platform}: send() asks whose a token is when its turn has come, not before`, async () => {
    await using test = await testGateways();
    const gateway = test.gateways.get(platform)!;
    const answer = Promise.withResolvers<boolean>(), asked: number[] = [];
    const sends = Array.from(
      { length: 130 },
      (_, n) =>
        gateway.send({ platform, token: `t${n}` }, someNote(), NEVER, () => {
          asked.push(n);
          return answer.promise;
        }),
    );
    await waitUntil(() => asked.length > 0 || undefined, { what: "a turn", withinMs: 10_000 });
    // Nobody else asks meanwhile, but those whose turn it is too.
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(asked.length <= 100, `${asked.length} asked`);
    answer.resolve(false);
    const outcomes = await Promise.all(sends);
    assert.deepEqual(
      new Set(outcomes.map((one) => "reason" in one && one.reason)),
      new Set(["token moved"]),
    );
    assert.deepEqual(test.recorder.record.list(), []);
  });

  Deno.test(`${platform}: send() asks a provider that is unavailable once, and says what it asked for`, async () => {
    await using test = await testGateways();
    const token = "busy";
    test.recorder.record.plan({
      platform,
      token,
      status: 503,
      reason: "UNAVAILABLE",
      retryAfterS: 7,
    });
    const outcome = await test.gateways.get(platform)!.send(
      { platform, token },
      someNote(),
      NEVER,
      STILL,
    );
    assert.deepEqual(outcome, {
      kind: "retry",
      reason: "UNAVAILABLE",
      afterMs: 7000,
      scope: "provider",
    });
    assert.equal(test.recorder.record.list().length, 1);
  });

  Deno.test(`${platform}: send() keeps the token when nobody answers`, async () => {
    const test = await testGateways();
    await test.recorder[Symbol.asyncDispose]();
    const outcome = await test.gateways.get(platform)!.send(
      { platform, token: "t" },
      someNote(),
      NEVER,
      STILL,
    );
    assert.deepEqual([outcome.kind, "scope" in outcome && outcome.scope], ["retry", "provider"]);
    for (const gateway of test.gateways.values()) await gateway[Symbol.asyncDispose]();
  });

  Deno.test(`${platform}: send() gives up by its signal`, async () => {
    await using test = await testGateways();
    const outcome = await test.gateways.get(platform)!.send(
      { platform, token: "t" },
      someNote(),
      AbortSignal.abort(),
      () => Promise.resolve(true),
    );
    assert.deepEqual(outcome, { kind: "retry", reason: "stopped", scope: "target" });
  });
}

Deno.test({
  name: "both gateways need no more than the permissions that an origin has",
  permissions: { net: ["127.0.0.1"], env: ["GOOGLE_CLOUD_QUOTA_PROJECT"], read: [CERTIFICATES] },
  async fn() {
    await using test = await testGateways();
    for (const [platform, gateway] of test.gateways) {
      const outcome = await gateway.send({ platform, token: "t" }, someNote(), NEVER, STILL);
      assert.deepEqual(outcome, { kind: "sent" });
    }
  },
});

Deno.test("fcm: send() prunes what FCM calls unregistered", async () => {
  await using test = await testGateways();
  const target = { platform: "fcm", token: "gone" } as const;
  test.recorder.record.plan({ ...target, status: 404, reason: "UNREGISTERED" });
  const outcome = await test.gateways.get("fcm")!.send(target, someNote(), NEVER, STILL);
  assert.deepEqual(outcome, { kind: "prune", reason: "UNREGISTERED" });
});

Deno.test("fcm: send() fetches another access token when one is refused, once", async () => {
  await using test = await testGateways();
  const target = { platform: "fcm", token: "t" } as const;
  const refuse = { ...target, status: 401, reason: "UNAUTHENTICATED" };
  test.recorder.record.plan({ ...refuse, times: 1 });
  const send = () => test.gateways.get("fcm")!.send(target, someNote(), NEVER, STILL);
  assert.deepEqual(await send(), { kind: "sent" });
  assert.equal(test.recorder.record.list().length, 2);
  test.recorder.record.plan(refuse);
  const outcome = await send();
  assert.deepEqual([outcome.kind, "scope" in outcome && outcome.scope], ["retry", "credentials"]);
  assert.equal(test.recorder.record.list().length, 4);
});

Deno.test("apns: send() prunes a token that is gone, and says since when", async () => {
  await using test = await testGateways();
  const target = { platform: "apns", token: "gone" } as const;
  test.recorder.record.plan({ ...target, status: 410, reason: "Unregistered", timestamp: 12345 });
  const outcome = await test.gateways.get("apns")!.send(target, someNote(), NEVER, STILL);
  assert.deepEqual(outcome, { kind: "prune", reason: "Unregistered", since: 12345 });
});

Deno.test("apns: send() makes a new provider token when one has expired, once in 20 minutes", async () => {
  await using test = await testGateways();
  const target = { platform: "apns", token: "t" } as const;
  test.recorder.record.plan({ ...target, status: 403, reason: "ExpiredProviderToken", times: 1 });
  const send = () => test.gateways.get("apns")!.send(target, someNote(), NEVER, STILL);
  assert.deepEqual(await send(), { kind: "sent" });
  test.recorder.record.plan({ ...target, status: 403, reason: "ExpiredProviderToken" });
  const outcome = await send();
  assert.deepEqual([outcome.kind, "scope" in outcome && outcome.scope], ["retry", "credentials"]);
  assert.equal(test.recorder.record.list().length, 3);
});

Deno.test("apns: send() with a clock an hour behind is refused, and keeps the token", async () => {
  await using test = await testGateways(() => Date.now() - 2 * 3_600_000);
  const target = { platform: "apns", token: "t" } as const;
  const outcome = await test.gateways.get("apns")!.send(target, someNote(), NEVER, STILL);
  assert.deepEqual(outcome, {
    kind: "retry",
    reason: "ExpiredProviderToken",
    afterMs: 60_000,
    scope: "credentials",
  });
});

Deno.test("apns: a cold burst of 200 opens one connection", async () => {
  await using test = await testGateways();
  const note = someNote();
  const outcomes = await Promise.all(
    Array.from(
      { length: 200 },
      (_, n) =>
        test.gateways.get("apns")!.send({ platform: "apns", token: `t${n}` }, note, NEVER, STILL),
    ),
  );
  assert.ok(outcomes.every((outcome) => outcome.kind === "sent"));
  assert.equal(test.recorder.apns.connections, 1);
  assert.equal(test.recorder.record.list().length, 200);
});

Deno.test("apns: a note has one id for a token, however often it is sent", async () => {
  await using test = await testGateways();
  const note = someNote();
  for (const token of ["a", "a", "b"]) {
    await test.gateways.get("apns")!.send({ platform: "apns", token }, note, NEVER, STILL);
  }
  const [first, again, other] = test.recorder.record.list().map((push) => push.headers);
  assert.match(
    first!["apns-id"]!,
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.equal(first!["apns-id"], again!["apns-id"]);
  assert.notEqual(first!["apns-id"], other!["apns-id"]);
  assert.equal(first!["apns-collapse-id"], other!["apns-collapse-id"]);
});
