import assert from "node:assert/strict";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { readEdge, readEdgeConfig } from "edge/config.ts";
import { readOrigin, readOriginConfig } from "origin/config.ts";
import { type Setting, settingsOf } from "shared/config/read.ts";
import { type TemporaryDirectory, temporaryDirectory } from "testing/temporary_directory.ts";
import { runCommand } from "../cli/run.ts";
import { initCommand } from "./command.ts";

async function init(...args: string[]) {
  const printed: string[] = [], told: string[] = [];
  const terminal = {
    print: (line: string) => void printed.push(line),
    tell: (line: string) => void told.push(line),
  };
  const code = await runCommand(initCommand(terminal), args, terminal);
  return { code, printed: printed.join("\n"), told: told.join("\n") };
}

const read = ({ path }: TemporaryDirectory, name: string) => Deno.readTextFile(join(path, name));
const settingsIn = async (folder: TemporaryDirectory, name: string) => ({
  ...parseEnv(await read(folder, name)) as Record<string, string>,
});

async function filesIn({ path }: TemporaryDirectory, under = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(path, under))) {
    const file = join(under, name);
    names.push(...isDirectory ? await filesIn({ path } as TemporaryDirectory, file) : [file]);
  }
  return names.sort();
}

Deno.test("init writes settings by which both programs would start, each explained in its reader's words", async () => {
  await using folder = await temporaryDirectory("init");
  const { code, printed } = await init(folder.path);
  assert.equal(code, 0);
  assert.deepEqual(await filesIn(folder), [
    "edge.d/edge-0.env",
    "edge.d/edge-1.env",
    "edge.env",
    "nats.conf",
    "nats_users.conf",
    "operator.nk",
    "origin.env",
    "owner.env",
  ]);
  for (const name of await filesIn(folder)) assert.ok(printed.includes(name), name);
  const edge = await settingsIn(folder, "edge.env");
  readEdgeConfig({ ...edge, ...await settingsIn(folder, "edge.d/edge-0.env") });
  readOriginConfig(await settingsIn(folder, "origin.env"), Deno.readTextFileSync);
  expectComplete(await read(folder, "edge.env"), settingsOf(readEdge));
  expectComplete(await read(folder, "origin.env"), settingsOf(readOrigin));
});

function expectComplete(text: string, settings: readonly Setting[]): void {
  for (const { name, fallback, about } of settings) {
    if (fallback !== undefined) continue;
    assert.match(text, new RegExp(`^${name}=.`, "m"));
    assert.ok(text.includes(`# ${about}.`), name);
  }
}

Deno.test("what init draws is for its owner alone, new each time, and nobody has what is another's", async () => {
  await using folder = await temporaryDirectory("init");
  await using other = await temporaryDirectory("init");
  for (const { path } of [folder, other]) await init(path);
  for (const name of await filesIn(folder)) {
    const { mode } = await Deno.stat(join(folder.path, name));
    assert.equal(mode! & 0o777, name.startsWith("nats") ? 0o644 : 0o600, name);
  }
  const edge = await settingsIn(folder, "edge.env"),
    origin = await settingsIn(folder, "origin.env");
  const [owner, theirs] = [
    await settingsIn(folder, "owner.env"),
    await settingsIn(other, "edge.env"),
  ];
  assert.notEqual(edge.TOKEN_SECRET, theirs.TOKEN_SECRET);
  const keys = await Promise.all([
    ...["edge.d/edge-0.env", "edge.d/edge-1.env", "origin.env"].map((name) =>
      settingsIn(folder, name)
    ),
    settingsIn(other, "edge.d/edge-0.env"),
  ]);
  assert.equal(new Set(keys.map(({ NATS_NKEY_SEED }) => NATS_NKEY_SEED)).size, 4);
  assert.equal(edge.NATS_NKEY_SEED, undefined);
  const isIn = (text: string, { values }: { values: (string | undefined)[] }) =>
    values.filter((value) => text.includes(value!));
  assert.deepEqual(
    isIn(await read(folder, "edge.env"), {
      values: [origin.API_KEY, origin.NATS_NKEY_SEED, origin.DATABASE_URL],
    }),
    [],
  );
  assert.deepEqual(
    isIn(await read(folder, "origin.env"), {
      values: [
        edge.TOKEN_SECRET,
        keys[0]!.NATS_NKEY_SEED,
        new URL(owner.DATABASE_OWNER_URL!).password,
      ],
    }),
    [],
  );
  for (const name of ["nats.conf", "nats_users.conf"]) {
    assert.doesNotMatch(await read(folder, name), /\bSU[A-Z2-7]{40}/, name);
  }
});

Deno.test("init writes nothing over: where some files are there and others are not, none is written", async () => {
  await using folder = await temporaryDirectory("init");
  await Deno.writeTextFile(join(folder.path, "origin.env"), "mine");
  const { code, told } = await init(folder.path);
  assert.equal(code, 1);
  assert.match(
    told,
    /it has origin\.env already, and nothing is written over, but lacks edge\.env/,
  );
  assert.deepEqual(await filesIn(folder), ["origin.env"]);
  assert.equal(await read(folder, "origin.env"), "mine");
});

Deno.test("init said again draws what is asked for besides, and changes nothing else", async () => {
  await using folder = await temporaryDirectory("init");
  await init(folder.path);
  const before = await textsIn(folder);
  const again = await init(folder.path, "--edges", "3", "--shared-key");
  assert.equal(again.code, 0);
  assert.match(again.printed, /edge\.d\/edge-2\.env[^]*edge\.d\/edge\.env[^]*nats_users\.conf/);
  assert.match(again.printed, /Now have the NATS servers read their users again/);
  const { "nats_users.conf": users, ...rest } = await textsIn(folder);
  const { "edge.d/edge-2.env": _, "edge.d/edge.env": shared, ...kept } = rest;
  assert.deepEqual({ ...kept, "nats_users.conf": before["nats_users.conf"] }, before);
  assert.match(shared!, /^NATS_INBOX_PREFIX=_INBOX\.edge$/m);
  for (const inbox of ["edge-0", "edge-1", "edge-2", "edge", "operator"]) {
    assert.equal(users!.split(`"_INBOX.${inbox}.>"`).length, 2, inbox);
  }
  await init(folder.path);
  assert.deepEqual(await textsIn(folder), { ...rest, "nats_users.conf": users });
});

async function textsIn(folder: TemporaryDirectory): Promise<Record<string, string>> {
  const texts = (await filesIn(folder)).map(async (name) => [name, await read(folder, name)]);
  return Object.fromEntries(await Promise.all(texts));
}

Deno.test("an edge whose file is removed is drawn another key, and the old one is no user", async () => {
  await using folder = await temporaryDirectory("init");
  await init(folder.path);
  const keysIn = async () =>
    [...(await read(folder, "nats_users.conf")).matchAll(/nkey: (U\w+)/g)]
      .map(([, key]) => key!);
  const before = await keysIn();
  await Deno.remove(join(folder.path, "edge.d/edge-1.env"));
  await init(folder.path);
  const after = await keysIn();
  assert.equal(after.length, before.length);
  assert.deepEqual(before.map((key, nth) => key === after[nth]), [true, false, true, true]);
});

Deno.test("init tells whoever has users in nats.conf itself what to put in their place", async () => {
  await using folder = await temporaryDirectory("init");
  await init(folder.path);
  const config = (await read(folder, "nats.conf")).replace(/^include .*$/m, "accounts { }");
  await Deno.writeTextFile(join(folder.path, "nats.conf"), config);
  const { printed } = await init(folder.path, "--edges", "3");
  assert.match(printed, /put "include \.\/nats_users\.conf" there, in place of "accounts {"/);
  assert.equal(await read(folder, "nats.conf"), config);
});

Deno.test("init says which file holds no key, and nothing of what is in it", async () => {
  await using folder = await temporaryDirectory("init");
  await init(folder.path);
  const seed = "SUAnoseed";
  await Deno.writeTextFile(join(folder.path, "edge.d/edge-1.env"), `NATS_NKEY_SEED=${seed}\n`);
  const { code, told } = await init(folder.path);
  assert.equal(code, 1);
  assert.match(told, /Cannot read the key in .*edge-1\.env: it is no nkey's seed/);
  assert.ok(!told.includes(seed));
});

Deno.test("init exits 2 for a number of edges that cannot be", async () => {
  await using folder = await temporaryDirectory("init");
  for (const count of ["-1", "65", "two"]) {
    assert.equal((await init(folder.path, "--edges", count)).code, 2, count);
  }
  assert.equal((await init()).code, 2);
  assert.deepEqual(await filesIn(folder), []);
});
