import assert from "node:assert/strict";
import { exportPKCS8, generateKeyPair } from "jose";
import type { ApnsConfig, PushConfig } from "origin/push/config.ts";
import { pushConfigFor } from "testing/push_gateways.ts";
import { closedPort } from "../services/claimed_ports.ts";
import { type PushRecorder, startPushRecorder } from "../services/push_recorder/push_recorder.ts";
import { checkApns } from "./apns.ts";
import { checkFcm } from "./fcm.ts";
import { DEPS, expectAllWell, NEVER, testPlants } from "./testing.ts";

let recorder: PushRecorder;
Deno.test.beforeAll(async () => {
  recorder = await startPushRecorder();
});
Deno.test.afterAll(async () => await recorder?.[Symbol.asyncDispose]());

function fcm(account: Record<string, string> = {}, change: Partial<PushConfig["fcm"]> = {}) {
  const push = pushConfigFor(recorder);
  const credential = JSON.stringify({ ...JSON.parse(push.fcm!.credential), ...account });
  return checkFcm({ ...push.fcm!, credential, ...change }, push, DEPS, NEVER);
}

function apns(change: Partial<ApnsConfig> = {}) {
  const push = pushConfigFor(recorder);
  return checkApns({ ...push.apns!, ...change }, push, DEPS, NEVER);
}

async function anotherKey(algorithm: string): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return await exportPKCS8(privateKey);
}

Deno.test("good credentials of both providers are well, and nobody is pushed to", async () => {
  recorder.record.clear();
  expectAllWell(await fcm());
  expectAllWell(await apns());
  const tried = recorder.record.list().map((
    { platform, status, reason },
  ) => [platform, status, reason]);
  assert.deepEqual(tried, [["apns", 400, "BadDeviceToken"]]);
});

testPlants([
  {
    name: "a key of the service account that was revoked",
    find: async () => fcm({ private_key: await anotherKey("RS256") }),
    subject: "fcm",
    says: /^Google gives push@fanfare-dev\.example no access \(invalid_grant\)/,
    mend: /^Make a new key for the service account/,
  },
  {
    name: "another Firebase project",
    find: () => fcm({}, { project: "somebody-elses" }),
    subject: "fcm",
    says: /^refuses the project somebody-elses: PERMISSION_DENIED$/,
    mend: /^Enable the Firebase Cloud Messaging API .* or correct FCM_PROJECT$/,
  },
  {
    name: "FCM out of reach",
    find: () => fcm({}, { url: `https://127.0.0.1:${closedPort()}` }),
    subject: "fcm",
    says: /^Cannot reach FCM at 127\.0\.0\.1:\d+: /,
    mend: /^Let origins reach it on port 443/,
  },
  {
    name: "a bad APNs key",
    find: async () => apns({ key: await anotherKey("ES256") }),
    subject: "apns",
    says: /^refuses our credentials for dev\.fanfare\.app: InvalidProviderToken$/,
    mend: /^Correct APNS_KEY, APNS_KEY_ID and APNS_TEAM/,
  },
  {
    name: "the id of another APNs key",
    find: () => apns({ keyId: "OTHERKEY01" }),
    subject: "apns",
    says: /InvalidProviderToken$/,
    mend: /APNS_KEY_ID/,
  },
  {
    name: "a wrong APNs topic",
    find: () => apns({ topic: "com.example.other" }),
    subject: "apns",
    says: /^refuses our credentials for com\.example\.other: TopicDisallowed$/,
    mend: /^Correct APNS_TOPIC: it is the app's bundle id/,
  },
  {
    name: "APNs out of reach",
    find: () => apns({ url: `https://127.0.0.1:${closedPort()}` }),
    subject: "apns",
    says: /^Cannot use APNs at 127\.0\.0\.1:\d+, over HTTP\/2: /,
    mend: /^Let origins reach it on port 443/,
  },
]);
