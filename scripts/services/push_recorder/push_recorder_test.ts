import assert from "node:assert/strict";
import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import { testGateways } from "testing/push_gateways.ts";
import { startPushRecorder } from "./push_recorder.ts";
import { createPushRecord } from "./record.ts";

Deno.test("the control API lists pushes, plans answers and forgets", async () => {
  await using recorder = await startPushRecorder();
  const ask = async (method: string, path: string, body?: unknown) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${recorder.url}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
  const add = (token: string, user: string) =>
    recorder.record.add({ platform: "fcm", token, status: 200, payload: {}, headers: {} }, {
      user,
      conversation: "group:g",
      gsid: "160",
    });
  add("a", "ana");
  add("b", "ben");
  const tokens = async (query: string) =>
    (await ask("GET", `/pushes${query}`)).body.map((push: { token: string }) => push.token);
  assert.deepEqual(await tokens(""), ["a", "b"]);
  assert.deepEqual(await tokens("?user=ben"), ["b"]);
  assert.deepEqual(await tokens("?token=a"), ["a"]);
  const [push] = (await ask("GET", "/pushes")).body;
  assert.deepEqual([push.user, push.conversation, push.gsid], ["ana", "group:g", 160]);

  const plan = { platform: "apns", token: "a", status: 410, reason: "Unregistered", times: 1 };
  assert.equal((await ask("POST", "/answers", plan)).status, 200);
  assert.equal(recorder.record.next("apns", "a")?.status, 410);
  assert.equal(recorder.record.next("apns", "a"), undefined);
  for (const faulty of [null, {}, { platform: "fcm", token: "a" }, { ...plan, status: 7 }]) {
    assert.equal((await ask("POST", "/answers", faulty)).status, 400);
  }

  assert.equal((await ask("DELETE", "/pushes")).status, 200);
  assert.deepEqual(await tokens(""), []);
  assert.equal((await ask("GET", "/nothing")).status, 404);
});

Deno.test("a record that is full forgets the oldest, and how many it forgot", () => {
  const record = createPushRecord(() => 0, 4);
  for (const token of ["a", "b", "c", "d", "e"]) {
    record.add({ platform: "fcm", token, status: 200, payload: {}, headers: {} }, {});
  }
  assert.deepEqual(record.list().map(({ token }) => token), ["c", "d", "e"]);
  assert.equal(record.forgotten, 2);
});

Deno.test("the token service gives nothing for an assertion that our key has not signed", async () => {
  await using recorder = await startPushRecorder();
  using client = Deno.createHttpClient({ caCerts: [recorder.caCert] });
  const response = await fetch(`${recorder.fcmUrl}/token`, {
    method: "POST",
    body: new URLSearchParams({ assertion: "a.b.c" }),
    client,
  });
  assert.equal(response.status, 400);
  assert.equal((await response.json()).error, "invalid_grant");
  const send = await fetch(`${recorder.fcmUrl}/v1/projects/fanfare-dev/messages:send`, {
    method: "POST",
    headers: { authorization: "Bearer guessed" },
    body: JSON.stringify({ message: { token: "t", data: { user: "ben" } } }),
    client,
  });
  assert.equal(send.status, 401);
  assert.deepEqual(recorder.record.list().map((push) => [push.user, push.status]), [["ben", 401]]);
  assert.equal((await send.json()).error.status, "UNAUTHENTICATED");
});

Deno.test("the APNs endpoint refuses HTTP/1.1, and strangers", async () => {
  await using recorder = await startPushRecorder();
  const post = async (http2: boolean) => {
    using client = Deno.createHttpClient({ caCerts: [recorder.caCert], http2 });
    const url = `${recorder.apnsUrl}/3/device/t`;
    const response = await fetch(url, { method: "POST", body: "{}", client });
    return [response.status, await response.text()];
  };
  assert.deepEqual(await post(false), [505, "APNs speaks HTTP/2 only"]);
  assert.deepEqual(await post(true), [403, '{"reason":"MissingProviderToken"}']);
});

Deno.test("what is no device is refused by both, as its provider would", async () => {
  await using test = await testGateways();
  const { recorder, gateways } = test;
  const note = {
    user: "ana" as UserId,
    conversation: "group:g" as ConversationId,
    gsid: 160 as Gsid,
    title: "Ben",
    text: "Hi",
    collapse: "g",
    expiresAtMs: Date.now() + 60_000,
  };
  const never = new AbortController().signal;
  for (const platform of ["fcm", "apns"] as const) {
    const outcome = await gateways.get(platform)!.send(
      { platform, token: "no!device" },
      note,
      never,
      () => Promise.resolve(true),
    );
    const reason = platform === "fcm" ? "INVALID_ARGUMENT" : "BadDeviceToken";
    assert.deepEqual(outcome, { kind: "prune", reason, suspect: true });
  }
  const reasons = () => recorder.record.list().map(({ reason }) => reason);
  assert.deepEqual(reasons(), ["INVALID_ARGUMENT", "BadDeviceToken"]);
});
