/** A whole system that runs, checked as its operator would: all is well, and nothing changes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemOfThisFile, type TestSystem } from "testing/system.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { type PushRecorder, startPushRecorder } from "../services/push_recorder/push_recorder.ts";
import { settingsOfUser } from "../services/nats_users.ts";
import { DEPS, expectAllWell, runCheck, writeEnvFile } from "./testing.ts";

const running = systemOfThisFile({ edges: 1, durable: true, triesWhatIsRefused: true });
const portOf = (url: string) => new URL(url).port;

/** The arguments that name the settings of its edge and of its origin. */
async function settingsFiles({ system: { state } }: TestSystem, push: PushRecorder, path: string) {
  const [edge] = state.edges, [origin] = state.origins;
  const common = {
    HOST: "127.0.0.1",
    NATS_URL: state.nats.url,
    UPSTASH_REDIS_REST_URL: state.redis.url,
    UPSTASH_REDIS_REST_TOKEN: state.redis.token,
  };
  const userOf = (id: string) => {
    const { nkey_seed: seed, inbox_prefix: inboxPrefix } = state.nats.users[id]!;
    return settingsOfUser({ seed, inboxPrefix });
  };
  const files = {
    edge: {
      ...common,
      ...userOf(edge!.id),
      PORT: portOf(edge!.url),
      INTERNAL_PORT: portOf(edge!.internal),
      TOKEN_SECRET: state.token_secret,
    },
    origin: {
      ...common,
      ...userOf(origin!.id),
      UPSTASH_REDIS_REST_TOKEN: state.redis.read_only_token,
      ...push.env,
      PORT: portOf(origin!.api),
      INTERNAL_PORT: portOf(origin!.internal),
      API_KEY: state.api_key,
      DATABASE_URL: state.postgres.origin_url,
      // Not how fast this machine is.
      PRESENCE_TIMEOUT_MS: "5000",
    },
  };
  const written = Object.entries(files).map(async ([program, values]) => [
    "--env",
    `${program}=${await writeEnvFile(join(path, program), values)}`,
  ]);
  return (await Promise.all(written)).flat();
}

Deno.test("a healthy system is well in every respect, and does not notice", async () => {
  const test = await running();
  await using push = await startPushRecorder();
  await using directory = await temporaryDirectory("check");
  const files = await settingsFiles(test, push, directory.path);
  const logged = logsOf(test);
  await using topics = await test.watch("chat.>");

  const { code, findings } = await runCheck(["--json", ...files]);
  expectAllWell(findings());
  assert.equal(code, 0);
  const subjects = findings().map(({ subject }) => subject);
  for (
    const each of [
      ...[
        "edge settings",
        "edge ports",
        "edge nats permissions",
        "edge nats answers",
        "edge redis",
      ],
      ...["origin postgres migrations", "origin nats stream", "origin redis", "origin fcm"],
      ...["origin apns", "origin clock of postgres", "clock of redis", "edge and origin"],
    ]
  ) assert.ok(subjects.includes(each), each);

  assert.deepEqual(push.record.list().filter(({ status }) => status === 200), []);
  // What it says of topics it says of a user and a group that there are not.
  await topics.settle();
  assert.ok(topics.messages.every(({ subject }) => subject.includes("fanfare-check")));
  await using sql = test.sql();
  assert.deepEqual([...await sql`select gsid from events`], []);
  assert.equal(logsOf(test), logged);
});

Deno.test("a clock that is a minute off is found by everything that has a clock", async () => {
  const test = await running();
  await using push = await startPushRecorder();
  await using directory = await temporaryDirectory("check");
  const files = await settingsFiles(test, push, directory.path);
  const nowMs = () => Date.now() + 60_000;
  const { code, findings } = await runCheck(["--json", ...files], {}, { ...DEPS, nowMs });
  assert.equal(code, 1);
  const failed = findings().filter(({ level }) => level === "failure");
  const clocks = ["edge clock of nats", "origin clock of postgres", "origin clock of nats"];
  for (const subject of [...clocks, "clock of redis"]) {
    const mend = failed.find((one) => one.subject === subject)?.mend;
    assert.match(mend ?? "", /^Let NTP set the clocks/, subject);
  }
});

function logsOf({ system }: TestSystem): string {
  return ["edge-0", "origin-0"].map((id) => Deno.readTextFileSync(join(system.logs, `${id}.log`)))
    .join("\n");
}
