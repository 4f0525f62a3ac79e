import assert from "node:assert/strict";
import { join } from "node:path";
import { exportPKCS8, generateKeyPair } from "jose";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { closedPort } from "../services/claimed_ports.ts";
import { judgeAgreement } from "./agreement.ts";
import { checkSecretFiles, readableBy } from "./files.ts";
import type { Finding } from "./finding.ts";
import { checkInternal, checkPorts } from "./ports.ts";
import { runProbes } from "./probe.ts";
import { readSettings } from "./settings.ts";
import {
  DEPS,
  expectAllWell,
  expectOnly,
  NEVER,
  runCheck,
  testPlants,
  writeEnvFile,
} from "./testing.ts";

const SECRET = "s".repeat(32);
const COMMON = {
  NATS_URL: "nats://127.0.0.1:4222",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:8079",
  UPSTASH_REDIS_REST_TOKEN: "t",
};
const EDGE = { ...COMMON, TOKEN_SECRET: SECRET };
const ORIGIN = { ...COMMON, API_KEY: SECRET, DATABASE_URL: "postgres://a@127.0.0.1/b" };
const APNS = { APNS_KEY_ID: "k", APNS_TEAM: "t", APNS_TOPIC: "app" };

const OPEN = { hostname: "0.0.0.0" };

async function settingsOf(program: string, environment: Record<string, string>) {
  return (await runCheck([program, "--config", "--json"], environment)).findings();
}

testPlants([
  {
    name: "a runtime that exports requests",
    find: () => settingsOf("origin", { ...ORIGIN, OTEL_DENO: "true", OTEL_PROPAGATORS: "none" }),
    subject: "origin traces",
    says: /OTEL_TRACES_SAMPLER is not parentbased_always_off: .*push tokens/,
    mend: /Set OTEL_TRACES_SAMPLER to parentbased_always_off/,
  },
  {
    name: "traces that nobody exports",
    find: () => settingsOf("edge", { ...EDGE, TRACE_RATIO: "0.5" }),
    level: "warning",
    subject: "edge traces",
    says: /TRACE_RATIO is set/,
    mend: /Set OTEL_DENO to true/,
  },
  {
    name: "a secret that is too short",
    find: () => settingsOf("edge", { ...EDGE, TOKEN_SECRET: "short" }),
    subject: "edge settings",
    says: /^TOKEN_SECRET must be a secret of at least 32 bytes, not a shorter one$/,
    mend: /^Set TOKEN_SECRET to a secret of at least 32 bytes\. It is: The secret that signs/,
  },
  {
    name: "a setting that is missing",
    find: () => settingsOf("origin", { ...ORIGIN, DATABASE_URL: "" }),
    subject: "origin settings",
    says: /^DATABASE_URL must be set/,
    mend: /^Set DATABASE_URL to a URL with postgres:\/\/.* It is: Postgres, the primary$/,
  },
  {
    name: "an APNs key that is none",
    find: async () => {
      const { privateKey } = await generateKeyPair("RS256", { extractable: true });
      const APNS_KEY = await exportPKCS8(privateKey);
      return await settingsOf("origin", { ...ORIGIN, ...APNS, APNS_KEY });
    },
    subject: "origin settings",
    says: /^Cannot use APNS_KEY: it holds no private key of type EC$/,
    mend: /^Set APNS_KEY to/,
  },
  {
    name: "a setting that is misspelt",
    find: () => withFile({ ...EDGE, TOKEN_ISUER: "https://a" }, "edge="),
    level: "warning",
    subject: "%",
    says: /^TOKEN_ISUER is no setting of the edge$/,
    mend: /^Is TOKEN_ISSUER meant; SETTINGS\.md has all names$/,
  },
  {
    name: "an edge that is told where the database is",
    find: () => withFile({ ...EDGE, DATABASE_URL: "postgres://a@b/c" }, "edge="),
    level: "warning",
    subject: "%",
    says: /^DATABASE_URL is no setting of the edge$/,
    mend: /^Take it out: it is the origin's, and nobody else's to know$/,
  },
  {
    name: "an origin that is told how the owner of the database connects",
    find: () =>
      withFile({ ...ORIGIN, DATABASE_OWNER_URL: "postgres://a@b/c" }, "origin=", "origin"),
    level: "warning",
    subject: "%",
    says: /^DATABASE_OWNER_URL is no setting of the origin$/,
    mend: /^Take it out: it is the task migrate's, and nobody else's to know$/,
  },
  {
    name: "settings that everybody may read",
    find: () => withFile(EDGE, "", "edge", 0o644),
    level: "warning",
    subject: "secret files",
    says: /^others on this machine may read /,
    mend: /^chmod 600 /,
  },
  {
    name: "a key where the origin may not read",
    find: async () => {
      await using directory = await temporaryDirectory("check");
      const file = await writeEnvFile(join(directory.path, "key.p8"), {});
      return checkSecretFiles([file], readableBy("deno run --allow-read=src,/etc/fanfare main.ts"));
    },
    level: "warning",
    subject: "secret files",
    says: /is not where deno task origin may read: \/etc\/fanfare$/,
    mend: /^Move it to one of these/,
  },
  {
    name: "programs that look for presence in different places",
    find: () => agreement({ UPSTASH_REDIS_REST_URL: "https://other.example" }),
    subject: "edge and origin",
    says: /different stores/,
    mend: /^Set UPSTASH_REDIS_REST_URL alike for both$/,
  },
  {
    name: "programs that let groups go at different times",
    find: () => agreement({ ARCHIVE_AFTER_MS: "1000" }),
    subject: "edge and origin",
    says: /^ARCHIVE_AFTER_MS is 1000 for the edge and 86400000 for the origin/,
    mend: /^Set ARCHIVE_AFTER_MS alike for both$/,
  },
  {
    name: "one PORT for both programs",
    find: () => agreement({ PORT: "8100" }),
    level: "warning",
    subject: "edge and origin",
    says: /^port 8100 is asked for twice/,
    mend: /^Give each program its own PORT and INTERNAL_PORT/,
  },
  {
    name: "a key file that is not there",
    find: () => settingsOf("origin", { ...ORIGIN, ...APNS, APNS_KEY: "/nonexistent/key.p8" }),
    subject: "origin settings",
    says: /^Cannot read APNS_KEY: No such file/,
    mend: /^Set APNS_KEY to .*a file's path$/,
  },
  {
    name: "a port that is taken",
    find: async () => {
      using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = taken.addr as Deno.NetAddr;
      const internal = { hostname: "127.0.0.1", port: 0, adminKey: null };
      return await checkPorts("edge", { hostname: "127.0.0.1", port }, internal, NEVER);
    },
    subject: "ports",
    says: /^127\.0\.0\.1:\d+ is taken by another program$/,
    mend: /^Set PORT to a free port, or end what listens there/,
  },
  {
    name: "an internal port that others reach, without a key",
    find: () => Promise.resolve(checkInternal("edge", { ...OPEN, port: 9000, adminKey: null })),
    level: "warning",
    subject: "ports",
    says: /^whoever reaches 0\.0\.0\.0:9000 may drain the edge$/,
    mend: /^Set ADMIN_KEY, or INTERNAL_HOST to 127\.0\.0\.1$/,
  },
  {
    name: "a password that is not written as in a URL",
    find: () => settingsOf("origin", { ...ORIGIN, DATABASE_URL: "postgres://a:b/c@127.0.0.1/d" }),
    subject: "origin settings",
    says: /^DATABASE_URL must be .*, not one that cannot be read: in a password, \/ is written %2F/,
    mend: /^Set DATABASE_URL/,
  },
  {
    name: "two ways to check tokens",
    find: () => settingsOf("edge", { ...EDGE, TOKEN_JWKS_URL: "https://issuer.example/jwks" }),
    subject: "edge settings",
    says: /^TOKEN_SECRET and TOKEN_JWKS_URL exclude each other$/,
    mend: /^Take out all of them but one$/,
  },
  {
    name: "a key for APNs of which nobody says whose it is",
    find: async () => {
      const { privateKey } = await generateKeyPair("ES256", { extractable: true });
      const { APNS_TEAM: _team, ...rest } = APNS;
      const APNS_KEY = await exportPKCS8(privateKey);
      return await settingsOf("origin", { ...ORIGIN, ...rest, APNS_KEY });
    },
    subject: "origin settings",
    says: /^APNS_TEAM must be set beside APNS_KEY$/,
    mend: /^Set APNS_TEAM to text\. It is: The team at Apple/,
  },
  {
    name: "an address that this machine does not have",
    find: () => {
      const internal = { hostname: "192.0.2.1", port: 9000, adminKey: null };
      return checkPorts("edge", { hostname: "127.0.0.1", port: 0 }, internal, NEVER);
    },
    subject: "ports",
    says: /^Cannot listen on 192\.0\.2\.1:9000: /,
    mend: /^Set INTERNAL_HOST to an address of this machine/,
  },
]);

/** Its path is not known before: `%` stands for it. */
async function withFile(
  values: Record<string, string>,
  prefix: string,
  program = "edge",
  mode = 0o600,
) {
  await using directory = await temporaryDirectory("check");
  const file = await writeEnvFile(join(directory.path, "settings"), values);
  await Deno.chmod(file, mode);
  const { findings } = await runCheck([program, "--config", "--json", "--env", prefix + file]);
  return findings().map((one): Finding => ({ ...one, subject: one.subject.replace(file, "%") }));
}

function agreement(change: Record<string, string>): Finding[] {
  const environments = { edge: { ...EDGE, ...change }, origin: ORIGIN };
  const { edge, origin } = readSettings(["edge", "origin"], environments, DEPS.readText);
  return judgeAgreement(edge!, origin!);
}

Deno.test("check --config says every fault at once, and exits 1; good settings exit 0", async () => {
  const bad = await runCheck(["--config"], { ...COMMON, PORT: "web" });
  assert.equal(bad.code, 1);
  for (const fault of ["PORT must be", "API_KEY must be set", "DATABASE_URL must be set"]) {
    assert.ok(bad.printed.includes(fault), fault);
  }
  assert.match(bad.told, /^error: 5 to mend$/);
  const good = await runCheck(["--config"], { ...EDGE, ...ORIGIN });
  assert.equal(good.code, 0, good.printed);
  assert.match(good.printed, /^ok +edge settings .*\nok +origin settings .*\n\n2 ok, 0 warnings/);
});

Deno.test("a file goes before the environment, and the later file before the earlier", async () => {
  await using directory = await temporaryDirectory("check");
  const first = await writeEnvFile(join(directory.path, "first"), { PORT: "x", DRAIN_MS: "1" });
  const second = await writeEnvFile(join(directory.path, "second"), { PORT: "8000" });
  const args = ["edge", "--config", "--json", "--env", `edge=${first}`, "--env", second];
  expectAllWell((await runCheck(args, { ...EDGE, DRAIN_MS: "soon" })).findings());
});

Deno.test("check exits 2 when used wrongly, and says how", async () => {
  for (const args of [["hub"], ["--env"], ["--env", "/nonexistent/file"], ["--nope"]]) {
    const { code, printed, told } = await runCheck(args);
    assert.deepEqual([code, printed], [2, ""], args.join(" "));
    assert.match(told, /^error: /);
  }
});

Deno.test("with nothing there every dependency is named, with what to mend", async () => {
  const dead = `127.0.0.1:${closedPort()}`;
  const { code, findings } = await runCheck(["--json"], {
    ...EDGE,
    ...ORIGIN,
    HOST: "127.0.0.1",
    PORT: "0",
    NATS_URL: `nats://${dead}`,
    DATABASE_URL: `postgres://a@${dead}/b`,
    UPSTASH_REDIS_REST_URL: `http://${dead}`,
  });
  assert.equal(code, 1);
  const failed = findings().filter(({ level }) => level === "failure");
  assert.deepEqual(failed.map(({ subject }) => subject), [
    "edge nats",
    "edge redis",
    "origin postgres",
    "origin nats",
    "origin redis",
  ]);
  assert.ok(failed.every(({ mend }) => mend));
});

Deno.test("runProbes() waits for nobody longer than its limit, and tells no password of what was thrown", async () => {
  let isAborted = false;
  const hangs = {
    subject: "a",
    run: (signal: AbortSignal) =>
      new Promise<Finding[]>((resolve) =>
        signal.addEventListener("abort", () => (isAborted = true, resolve([])))
      ),
  };
  expectOnly(await runProbes([hangs], 20), {
    level: "failure",
    subject: "a",
    says: /^No answer within 0\.02 s$/,
    mend: /firewall/,
  });
  assert.ok(isAborted);
  const fault = new Error("Cannot reach nats://ana:secret@host:4222", { cause: new Error("gone") });
  const throws = { subject: "b", run: () => Promise.reject(fault) };
  expectOnly(await runProbes([throws]), {
    level: "failure",
    subject: "b",
    says: /^Cannot reach nats:\/\/host:4222: gone$/,
    mend: /./,
  });
});
