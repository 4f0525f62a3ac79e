import assert from "node:assert/strict";
import { readNatsConfig } from "shared/config/nats.ts";
import { ConfigError, type Environment, settingsOf, SettingsReader } from "shared/config/read.ts";

function readExample(read: SettingsReader) {
  return {
    name: read.string("NAME", { about: "A name" }),
    secret: read.secret("TOKEN_SECRET", { about: "The key" }),
    waitMs: read.integer("WAIT_MS", { about: "A wait", min: 1, max: 60_000, fallback: 250 }),
    level: read.choice("LEVEL", { about: "How much", of: ["few", "many"], fallback: "few" }),
    url: read.url("PLACE_URL", { about: "Where", protocols: ["https:"], fallback: null }),
    list: read.list("ORIGINS", { about: "Who", fallback: [] }),
    part: read.fraction("PART", { about: "How many", fallback: 0 }),
    on: read.boolean("ON", { about: "Whether", fallback: true }),
  };
}

function read(environment: Environment) {
  const reader = new SettingsReader(environment);
  const config = readExample(reader);
  reader.done();
  return config;
}

Deno.test("SettingsReader gives what is set, and the fallbacks of what is not", () => {
  const secret = "s".repeat(32);
  assert.deepEqual(read({ NAME: "ana", TOKEN_SECRET: secret, ON: "" }), {
    name: "ana",
    secret,
    waitMs: 250,
    level: "few",
    url: null,
    list: [],
    part: 0,
    on: true,
  });
  const all = read({
    NAME: "ana",
    TOKEN_SECRET: secret,
    WAIT_MS: "60000",
    LEVEL: "many",
    PLACE_URL: "https://here.test/",
    ORIGINS: "a, b",
    PART: "0.25",
    ON: "false",
  });
  assert.equal(all.part, 0.25);
  assert.deepEqual(all.list, ["a", "b"]);
  assert.equal(all.waitMs, 60_000);
  assert.equal(all.on, false);
});

Deno.test("done() names every fault at once, with what was expected, and shows no secret", () => {
  const environment = {
    TOKEN_SECRET: "tooshort",
    WAIT_MS: "0.5",
    LEVEL: "some",
    PLACE_URL: "http://user:word@here.test",
    ORIGINS: "a,,b",
    ON: "yes",
  };
  assert.throws(() => read(environment), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.faults, [
      "NAME must be set: text",
      "TOKEN_SECRET must be a secret of at least 32 bytes, not a shorter one",
      'WAIT_MS must be an integer from 1 to 60000, in milliseconds, not "0.5"',
      'LEVEL must be one of few, many, not "some"',
      "PLACE_URL must be a URL with https://, not something else",
      'ORIGINS must be a list, separated by commas, not "a,,b"',
      'ON must be true or false, not "yes"',
    ]);
    assert.doesNotMatch(error.message, /tooshort|word/);
    return true;
  });
});

Deno.test("integer() takes plain decimal integers within its bounds only", () => {
  for (const text of ["-1", "60001", "1e3", "0x10", " 5", "5 ", "", "9".repeat(20), "NaN"]) {
    const reader = new SettingsReader({ N: text });
    reader.integer("N", { about: "A number", min: 0, max: 60_000 });
    assert.throws(() => reader.done(), ConfigError, JSON.stringify(text));
  }
});

Deno.test("settingsOf() gives the rows of the table without any environment", () => {
  const rows = settingsOf(readExample);
  assert.equal(rows.length, 8);
  assert.deepEqual(rows[2], {
    name: "WAIT_MS",
    expects: "an integer from 1 to 60000, in milliseconds",
    fallback: "250",
    about: "A wait",
  });
  assert.equal(rows[0]!.fallback, undefined);
});

Deno.test("readNatsConfig() wants one way to sign in, and a password with its user", () => {
  const faultsOf = (environment: Environment) => {
    const reader = new SettingsReader({ NATS_URL: "nats://a,nats://b", ...environment });
    const config = readNatsConfig(reader, "edge");
    reader.done();
    return config;
  };
  assert.deepEqual(faultsOf({}), {
    servers: ["nats://a", "nats://b"],
    inboxPrefix: "_INBOX.edge",
  });
  assert.deepEqual(faultsOf({ NATS_USER: "u", NATS_PASSWORD: "p" }).auth, {
    kind: "password",
    user: "u",
    password: "p",
  });
  assert.throws(() => faultsOf({ NATS_USER: "u" }), /must be set together/);
  assert.throws(
    () => faultsOf({ NATS_CREDS: "c", NATS_NKEY_SEED: "s" }),
    /NATS_CREDS exclude each other/,
  );
  for (const NATS_INBOX_PREFIX of ["_INBOX", "_INBOX.", "_INBOX.>", "_INBOX.a b", "chat.a"]) {
    assert.throws(() => faultsOf({ NATS_INBOX_PREFIX }), /NATS_INBOX_PREFIX must be "_INBOX\."/);
  }
});
