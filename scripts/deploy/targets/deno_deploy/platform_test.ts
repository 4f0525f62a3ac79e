import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { parseEnvFile } from "../env_file.ts";
import { Platform, revisionIn, runDeno } from "./platform.ts";
import { TestPlatform } from "./testing/deno.ts";

const APP = { name: "chat", organisation: "example" };
const END = "--app chat --org example --json --non-interactive";

Deno.test("deploy() names app and organisation, asks for JSON, and reads the domain from it", async () => {
  const there = new TestPlatform();
  const revision = await new Platform(there.run, APP).deploy(".");
  assert.deepEqual(there.said, [`deploy --prod ${END}`]);
  assert.deepEqual(revision, { revisionId: "revision-1", host: "chat.example.deno.net" });
});

Deno.test("setSettings() says values to nobody, and leaves no file", async () => {
  await using scratch = await temporaryDirectory("deno-deploy");
  const there = new TestPlatform();
  const settings = { TOKEN_SECRET: "canary", LINES: "a\nb" };
  await new Platform(there.run, APP).setSettings(settings, { folder: ".", scratch: scratch.path });
  const [, file] = /^deploy env load (\S+) --replace /.exec(there.said[0]!)!;
  assert.ok(!there.said.join().includes("canary"));
  assert.deepEqual(parseEnvFile(there.loaded[0]!), settings);
  assert.ok(file!.startsWith(scratch.path), file!);
  assert.deepEqual([...Deno.readDirSync(scratch.path)], []);
});

Deno.test("what the platform refuses is told with what helps", async () => {
  const there = new TestPlatform();
  const platform = new Platform(there.run, APP);
  const cases: [number, unknown, RegExp][] = [
    [1, { message: "the build failed" }, /Cannot deploy at Deno Deploy: the build failed/],
    [2, { error: "unknown flag" }, /a way that it does not know; unknown flag/],
    [3, { error: { message: "no token" } }, /set DENO_DEPLOY_TOKEN; no token/],
    [4, {}, /make it with deno deploy create/],
    [5, {}, /try again when it is done/],
    [6, {}, /cannot be reached/],
  ];
  for (const [code, error, words] of cases) {
    there.refuse("deploy --prod", code, error);
    await assert.rejects(platform.deploy("."), words);
  }
});

Deno.test("revisionIn() takes the address when there is no domain, and refuses an answer without one", () => {
  const printed = JSON.stringify({
    revisionId: "r",
    url: "https://chat-r.deno.net/x",
    timelines: [],
  });
  assert.deepEqual(revisionIn(printed), { revisionId: "r", host: "chat-r.deno.net" });
  assert.throws(() => revisionIn('{"revisionId":"r","status":"failed"}'), /but failed/);
});

Deno.test("runDeno() runs a program in a folder, with the words as they are", async () => {
  await using folder = await temporaryDirectory("deno-deploy");
  const file = join(folder.path, "deno");
  await Deno.writeTextFile(file, `#!/bin/sh\npwd; printf '%s|' "$@"; exit 6\n`, { mode: 0o755 });
  const { code, stdout } = await runDeno(file)(["deploy", "a b"], folder.path);
  assert.equal(code, 6);
  assert.deepEqual(stdout.split("\n"), [await Deno.realPath(folder.path), "deploy|a b|"]);
});
