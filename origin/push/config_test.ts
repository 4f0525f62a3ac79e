import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createGateways, faultsInPushConfig, type PushConfig } from "./config.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ACCOUNT = JSON.stringify({
  project_id: "p",
  client_email: "push@p.example",
  private_key: rsa.privateKey.export({ type: "pkcs8", format: "pem" }),
  token_uri: "https://tokens.example/token",
});
const PEM = String(ec.privateKey.export({ type: "pkcs8", format: "pem" }));
const APNS = { key: PEM, keyId: "k", team: "t", topic: "app" };
const FILES: Record<string, string> = {
  "/account.json": ACCOUNT,
  "/key.p8": PEM,
  "/note.txt": "hello",
};

function readText(path: string): string {
  if (path in FILES) return FILES[path]!;
  throw new Error(`there is no ${path}`);
}

function faultsIn(config: PushConfig, development = false): string[] {
  return faultsInPushConfig(config, { development, readText });
}

Deno.test("faultsInPushConfig() finds none in keys given as they are, or as files", () => {
  assert.deepEqual(faultsIn({}), []);
  assert.deepEqual(faultsIn({ fcm: { credential: ACCOUNT }, apns: APNS }), []);
  const files = { fcm: { credential: "/account.json" }, apns: { ...APNS, key: "/key.p8" } };
  assert.deepEqual(faultsIn(files), []);
});

Deno.test("faultsInPushConfig() names what is wrong, and repeats no secret", () => {
  const noKey = "it holds no private key of type";
  const faulty: [PushConfig, string][] = [
    [{ fcm: { credential: "{oops, secret" } }, "Cannot read the FCM credential: it is not JSON"],
    [{ fcm: { credential: "{}" } }, 'Cannot read the FCM credential: it has no "project_id"'],
    [{ fcm: { credential: "/nowhere" } }, "Cannot read FCM_CREDENTIAL: there is no /nowhere"],
    [
      { fcm: { credential: ACCOUNT.replace(/"-----BEGIN[^"]*"/, JSON.stringify(PEM)) } },
      `Cannot use FCM_CREDENTIAL: ${noKey} RSA`,
    ],
    [
      { fcm: { credential: ACCOUNT.replace("https:", "http:") } },
      "Cannot use FCM_CREDENTIAL's token_uri: it must be an https address",
    ],
    [
      { fcm: { credential: ACCOUNT, url: "http://fcm.example" } },
      "Cannot use FCM_URL: it must be an https address",
    ],
    [{ apns: { ...APNS, key: "/note.txt" } }, "Cannot read APNS_KEY: it is not PEM"],
    [
      { apns: { ...APNS, key: "-----BEGIN PRIVATE KEY-----\nsecret" } },
      `Cannot use APNS_KEY: ${noKey} EC`,
    ],
    [{ apns: { ...APNS, url: "apns" } }, "Cannot use APNS_URL: it must be an https address"],
    [{ ca: "/note.txt" }, "Cannot read PUSH_CA: it is not PEM"],
  ];
  for (const [config, fault] of faulty) assert.deepEqual(faultsIn(config), [fault]);
});

Deno.test("faultsInPushConfig() allows plain http in development", () => {
  const config = { fcm: { credential: ACCOUNT, url: "http://127.0.0.1:1" } };
  assert.deepEqual(faultsIn(config, true), []);
});

Deno.test("createGateways() makes one for each platform that is configured", async () => {
  const gateways = createGateways({ apns: APNS }, { wallMs: Date.now, readText });
  assert.deepEqual([...gateways.keys()], ["apns"]);
  for (const gateway of gateways.values()) await gateway[Symbol.asyncDispose]();
});
