import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { type Environment, SettingsReader } from "shared/config/read.ts";
import { createGateways } from "./config.ts";
import { readPushSettings } from "./settings.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ACCOUNT = JSON.stringify({
  project_id: "p",
  client_email: "push@p.example",
  private_key: rsa.privateKey.export({ type: "pkcs8", format: "pem" }),
  token_uri: "https://tokens.example/token",
});
const PEM = String(ec.privateKey.export({ type: "pkcs8", format: "pem" }));
const APNS = { APNS_KEY: PEM, APNS_KEY_ID: "k", APNS_TEAM: "t", APNS_TOPIC: "app" };
const FILES: Record<string, string> = {
  "/account.json": ACCOUNT,
  "/key.p8": PEM,
  "/note.txt": "hello",
};

function readText(path: string): string {
  if (path in FILES) return FILES[path]!;
  throw new Error(`Cannot read ${path}: there is none`);
}

function read(environment: Environment, development = false) {
  const reader = new SettingsReader(environment);
  const settings = readPushSettings(reader, { development, readText });
  reader.done();
  return settings;
}

Deno.test("readPushSettings() configures what is set, and nothing when nothing is", () => {
  assert.deepEqual(read({}), { config: {}, ttlMs: 86_400_000 });
  const { config } = read({ FCM_CREDENTIAL: "/account.json", ...APNS, APNS_KEY: "/key.p8" });
  assert.deepEqual(config, {
    fcm: { credential: "/account.json" },
    apns: { key: "/key.p8", keyId: "k", team: "t", topic: "app" },
  });
});

Deno.test("readPushSettings() names what is wrong, and repeats no secret", () => {
  const faulty: [Environment, string][] = [
    [{ FCM_CREDENTIAL: "{oops, secret" }, "Cannot read the FCM credential: it is not JSON"],
    [{ FCM_CREDENTIAL: "{}" }, 'Cannot read the FCM credential: it has no "project_id"'],
    [{ FCM_CREDENTIAL: "/nowhere" }, "Cannot read /nowhere: there is none"],
    [{ APNS_KEY: PEM }, "APNS_KEY, APNS_KEY_ID, APNS_TEAM and APNS_TOPIC must be set together"],
    [{ ...APNS, APNS_KEY: "/note.txt" }, "Cannot read APNS_KEY: it is not PEM"],
    [
      { ...APNS, APNS_KEY: "-----BEGIN PRIVATE KEY-----\nsecret" },
      "Cannot use APNS_KEY: it holds no private key of type EC",
    ],
    [
      { FCM_CREDENTIAL: ACCOUNT.replace(/"-----BEGIN[^"]*"/, JSON.stringify(PEM)) },
      "Cannot use FCM_CREDENTIAL: it holds no private key of type RSA",
    ],
    [
      { FCM_CREDENTIAL: ACCOUNT, FCM_URL: "http://fcm.example" },
      "Cannot use FCM_URL: it must be an https address",
    ],
    [
      { FCM_CREDENTIAL: ACCOUNT.replace("https:", "http:") },
      "Cannot use FCM_CREDENTIAL's token_uri: it must be an https address",
    ],
    [{ ...APNS, APNS_URL: "apns" }, "Cannot use APNS_URL: it must be an https address"],
  ];
  for (const [environment, fault] of faulty) {
    assert.throws(() => read(environment), (error: Error) => {
      assert.deepEqual(error.message.split("\n").slice(1), [`  ${fault}`]);
      return true;
    });
  }
});

Deno.test("readPushSettings() allows plain http in development", () => {
  const { config } = read({ FCM_CREDENTIAL: ACCOUNT, FCM_URL: "http://127.0.0.1:1" }, true);
  assert.equal(config.fcm?.url, "http://127.0.0.1:1");
});

Deno.test("createGateways() makes one for each platform that is configured", async () => {
  const { config } = read({ ...APNS });
  const gateways = createGateways(config, { nowMs: Date.now, readText });
  assert.deepEqual([...gateways.keys()], ["apns"]);
  for (const gateway of gateways.values()) await gateway[Symbol.asyncDispose]();
});
